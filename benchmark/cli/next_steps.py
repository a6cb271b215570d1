"""Suggestions at the end of a command: command lines that fit what was just done."""

import json
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ..domains.names import dataset_name, training
from ..frequency.bands import Band
from ..invocation import bench
from ..records import Plan
from ..results.rows import Row
from ..study.boards import StudyReference
from ..study.protocols import PoolRule, Protocol
from ..study.study_file import Study
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
        words += ["--param", f"{name}={_value(value)}"]
    words += _band_words(best.band)
    words += _data_words(plan.study, data, set(map(dataset_name, parts.members)))
    words += _study_words(plan.study)
    place = rows.index(best) + 1
    detector = "the detector of the first row" if place == 1 else f"the detector of row {place}"
    purpose = f"keep {detector}"
    if len(parts.members) > 1 and plan.study.pool is PoolRule.BALANCED:
        purpose = f"{detector}, on all pictures of its domains"
    return _line(*words, "--out", "model"), purpose


def _value(value: Any) -> str:
    """Write a parameter so that an option reads the same value: text as it stands, anything else as JSON, which is YAML."""
    return value if isinstance(value, str) else json.dumps(value)


def _data_words(study: Study, data: Sequence[str], names: Collection[str]) -> list[str]:
    """Return the options for some data sets: the parameters of the study file, and ``--data`` as it was given."""
    given = [
        text for text in data if {text.partition("=")[0], text.partition(".")[0]} & set(names) or ":" in text.partition("=")[0]
    ]
    replaced = {text.partition("=")[0] for text in given}
    of_study = [
        f"{name}.{parameter}={_value(value)}"
        for name, parameters in study.datasets.items()
        for parameter, value in parameters.items()
        if name in names and f"{name}.{parameter}" not in replaced
    ]
    return [word for text in (*of_study, *given) for word in ("--data", text)]


def _study_words(study: Study) -> list[str]:
    """Return the options for what decides on the pictures and crops, where it is not as usual."""
    words = ["--crop", str(study.crop.side)] if study.crop.side != USUAL_CROP else []
    if study.crop.placement == "tiles":
        words += ["--tiles", str(study.crop.tiles)]
    if study.seed:
        words += ["--seed", str(study.seed)]
    words += ["--drop-leaks"] if study.drop_leaks else []
    return [*words, "--allow-lookalikes"] if study.allow_lookalikes else words


def _band_words(band: "Band") -> list[str]:
    """Return the options of ``bench train`` for a band; none for all frequencies."""
    if band.kind == "all":
        return []
    words = ["--band", band.as_text()]
    return words if band.mode == "keep" else [*words, "--mode", band.mode, "--order", str(band.order)]
