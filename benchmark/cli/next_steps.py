"""Suggestions at the end of a command: command lines that fit what was just done."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..domains.names import dataset_name, training
from ..frequency.bands import Band
from ..invocation import bench
from ..records import Plan
from ..results.rows import Row
from ..study.boards import StudyReference
from ..study.protocols import PoolRule, Protocol
from .report import Step

USUAL_CROP = 128


def after_run(
    plan: Plan, reference: StudyReference, data: Sequence[str], rows: Sequence[Row], tracking_uri: str | None
) -> list[Step]:
    """
    Return the steps after a study.

    Parameters
    ----------
    plan : Plan
    reference : StudyReference
    data : sequence of str
        ``--data`` as it was given.
    rows : sequence of Row
        The best first.
    tracking_uri : str or None
        As it was given.
    """
    store = ["--tracking-uri", tracking_uri] if tracking_uri else []
    folders = _folders(data)
    doctor = [
        Step(_line("data", "doctor", name, "--root", folder), "what the folder holds, lacks and gives away")
        for name, folder in list(folders.items())[:1]
    ]
    if not rows:
        return doctor
    page = "the page, with ranks" + (" and the map of narrow bands" if plan.study.sweep_bands else "")
    steps = [
        Step(_line("ui", *store), "the study as a tree, with pictures, in the MLflow UI"),
        Step(_line("leaderboard", "--study", reference.board, "--html", "board.html", *store), page),
    ]
    train = _train_command(plan, rows, data)
    if train:
        steps += [
            Step(train[0], train[1]),
            Step(_line("scan", "model", "DIR"), "score pictures and clips with it"),
        ]
    if folders:
        return [*steps, *doctor]
    if plan.study.protocol is Protocol.LATER_ONLY:  # needs dates, which a command line does not have
        return steps
    names = ("mine",) if plan.study.protocol is Protocol.ALL_PAIRS else ("one", "two", "three")  # of several domains
    folders_of = "DIR" if len(names) == 1 else "each DIR"
    own = " ".join([_line("run", reference.run), *(f"--data {name}=DIR" for name in names)])
    return [*steps, Step(own, f"your own pictures: {folders_of}/real and {folders_of}/fake")]


def after_train(folder: Path) -> list[Step]:
    """Return the steps after a model was kept."""
    return [
        Step(f"{_line('evaluate', str(folder))} --test DOMAIN", "on pictures that it has not seen"),
        Step(f"{_line('scan', str(folder))} DIR", "pictures and clips of your own"),
    ]


def _line(*words: str) -> str:
    return bench(shlex.join(words))


def _folders(data: Sequence[str]) -> dict[str, str]:
    """Return the folders of ``--data`` by data set."""
    pairs = (text.partition("=")[::2] for text in data)
    return {name: folder for name, folder in pairs if folder and (":" in name or "." not in name)}


def _train_command(plan: Plan, rows: Sequence[Row], data: Sequence[str]) -> tuple[str, str] | None:
    """
    Return the command that trains the best row's detector on its domains, and its purpose.

    None if the plan has no such detector, or if it was trained on shots of a target, which `bench train` does not draw.
    """
    specs = {spec.label: spec for spec in plan.detectors if not spec.plugin.control}
    ours = [row for row in rows if row.detector in specs]
    best = next((row for row in ours if row.role == "chosen"), ours[0] if ours else None)
    if best is None:
        return None
    spec, parts = specs[best.detector], training(best.train)
    if parts.shots:
        return None
    words = ["train", spec.reference + (f"/{spec.preset}" if spec.preset else "")]
    words += [word for member in parts.members for word in ("--train", member)]
    for name, value in spec.params.items():
        words += ["--param", f"{name}={value}"]
    words += _band_words(best.band)
    names = set(map(dataset_name, parts.members))
    for text in data:
        if names & {text.partition("=")[0], text.partition(".")[0]} or ":" in text.partition("=")[0]:
            words += ["--data", text]
    if plan.study.crop.side != USUAL_CROP:
        words += ["--crop", str(plan.study.crop.side)]
    purpose = "keep the detector of the first row"
    if len(parts.members) > 1 and plan.study.pool is PoolRule.BALANCED:
        purpose = "the detector of the first row, on all pictures of its domains"
    return _line(*words, "--out", "model"), purpose


def _band_words(band: "Band") -> list[str]:
    """Return the options of ``bench train`` for a band; none for all frequencies."""
    if band.kind == "all":
        return []
    words = ["--band", band.as_text()]
    return words if band.mode == "keep" else [*words, "--mode", band.mode, "--order", str(band.order)]
