"""
A finished cell on disk, and the row that follows from it.

The folder of a cell holds ``cell.json`` (what was tried and chosen) and score files. Every number of a row is computed
from the score files, here or on the machine of whoever downloads them.
"""

import math
import platform
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..clip_results import row_clips
from ..errors import DataError
from ..metrics.bootstrap import GroupBootstrap, Measured, difference
from ..metrics.clips import ClipRule
from ..metrics.detection import Interval, Scored, all_metrics, best_threshold, roc_auc
from ..pictures.perturbations import chain_of, unperturbed
from ..recording.keys import NOT_SETTINGS
from ..store import read_json
from ..study.study_file import Study
from .scores import DomainScores, read_scores

SCHEMA = 4  # raised when what a cell chooses, or what its folder holds, changes


# 2: splits and data do not say where they come from; 3: other intervals of few pictures, and nothing says which settings.
READABLE = (2, 3, SCHEMA)
LIBRARIES = ("bandbench", "numpy", "scipy", "scikit-learn", "optuna", "pillow", "opencv-python-headless")
SHORT = 8  # hex digits of a digest that people compare by eye


def _settings(study: Study, others: Set[str] = frozenset()) -> dict[str, Any]:
    """Settings of a study without `NOT_SETTINGS` and some `others`, as digests take them."""
    settings = study.model_dump(mode="json", exclude=NOT_SETTINGS | others)
    if study.clips is ClipRule.MEAN:  # a key that studies did not always have: without it they keep their digests
        del settings["clips"]
    return settings


def fact_text(value: Any) -> str:
    """What a data set says of itself, in a line."""
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def chosen_files(document: Mapping[str, Any]) -> list[str]:
    """Score files of the chosen band, one per draw, below the folder of a cell."""
    return next(entry["files"] for entry in document["tested"] if entry["role"] == "chosen")


def row_files(document: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Score files of one row of a cell, one per draw, below its folder; none if the cell has no such row."""
    wanted = row["role"], row["band"]
    return next((e["files"] for e in document.get("tested", []) if (e["role"], e["band"]) == wanted), [])


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that scores depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def metric_name(domain: str, name: str) -> str:
    """Name of a test metric in MLflow, which takes word characters, space and ``/ . - :`` only."""
    return "/".join(["test", re.sub(r"[^/ .:\w-]", " ", domain), name])


# --- rows ------------------------------------------------------------------------------------------------------------


def cell_rows(folder: Path) -> list[dict[str, Any]]:
    """
    Leaderboard rows of one cell: its chosen band, its all-pass reference, and every fixed band of the study.

    Parameters
    ----------
    folder : Path
        With ``cell.json`` and the score files, on this machine or downloaded.

    Returns
    -------
    list of dict
        The chosen band first. Where it is all-pass itself there is no second all-pass row.

    Raises
    ------
    DataError
        If the folder is incomplete.
    """
    document = read_json(folder / "cell.json")
    if not document or document.get("schema") not in READABLE:
        raise DataError(f"{folder} holds no result of a cell (cell.json is missing, damaged or of another version).")
    try:
        return _rows(document, folder)
    except (KeyError, IndexError, TypeError, StopIteration) as error:
        raise DataError(f"{folder}/cell.json is incomplete ({type(error).__name__}: {error}).") from error


def _rows(document: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    scores = {id(entry): [read_scores(folder / file) for file in entry["files"]] for entry in document["tested"]}
    oracles = {entry["domain"]: entry for entry in document["tested"] if entry["role"] == "oracle"}
    allpass = next((entry for entry in document["tested"] if entry["role"] == "allpass"), None)  # brought scores have none
    context = _Context(
        document,
        _by_domain(scores[id(allpass)]) if allpass else {},
        {domain: _by_domain(scores[id(entry)])[domain] for domain, entry in oracles.items()},
        {domain: entry["band"] for domain, entry in oracles.items()},
    )
    return [
        _row(context, entry, scores[id(entry)])
        for entry in document["tested"]
        if entry["role"] != "oracle" and not (entry["role"] == "allpass" and document["band"]["kind"] == "all")
    ]


@dataclass(frozen=True)
class _Context:
    """What all rows of a cell are held against: scores by test domain of all-pass, and of the oracle with its band."""

    document: dict[str, Any]
    allpass: dict[str, list[DomainScores]]
    oracle: dict[str, list[DomainScores]]
    oracle_bands: dict[str, dict[str, Any]]


def _by_domain(replicates: Sequence[Sequence[DomainScores]]) -> dict[str, list[DomainScores]]:
    found: dict[str, list[DomainScores]] = {}
    for entries in replicates:
        for entry in entries:
            if entry.split == "test":
                found.setdefault(entry.domain, []).append(entry)
    return found


def _row(context: _Context, entry: dict[str, Any], replicates: Sequence[Sequence[DomainScores]]) -> dict[str, Any]:
    document = context.document
    tested = _by_domain(replicates)
    validation = [next((entry for entry in r if entry.split == "val"), None) for r in replicates]
    thresholds = [best_threshold(val.scored.labels, val.scored.scores) if val else math.nan for val in validation]
    bootstrap = GroupBootstrap([e.scored for entries in tested.values() for e in entries], document["bootstrap"])
    drawn = {name: np.mean([bootstrap.aucs(e.scored) for e in entries], axis=0) for name, entries in tested.items()}
    clips = row_clips(ClipRule(document.get("clips", ClipRule.MEAN)), validation, tested, bootstrap)
    tests = []
    for domain, entries in tested.items():
        auc = bootstrap.interval([e.scored for e in entries], drawn[domain])
        tests.append(_test_entry(context, domain, entries, thresholds, auc) | clips.entry(domain))
    home, abroad = _home_and_abroad(tests, document["train"])
    # The headline: other domains where there are any, else the home domain.
    headline = abroad or home
    cross = Interval(math.nan, math.nan, math.nan, math.nan)
    if abroad:
        cross = _mean_interval(bootstrap, tested, drawn, [t["domain"] for t in abroad])
    measured = not any(math.isnan(t["auc"]) for t in abroad)  # which is the worst is unknown where one is
    worst = min(abroad, key=lambda t: t["auc"], default=None) if measured else None
    return {
        "detector": document["detector"],
        "train": document["train"],
        "role": entry["role"],
        "band": entry["band"],
        "evidence": document["evidence"],
        "swept": any(trial["stage"] == "sweep" for trial in document["trials"]),
        "in_domain_auc": home[0]["auc"] if home else math.nan,
        "in_domain_auc_lo": home[0]["auc_lo"] if home else math.nan,
        "in_domain_auc_hi": home[0]["auc_hi"] if home else math.nan,
        "cross_domain_auc": cross.value,
        "cross_domain_auc_lo": cross.low,
        "cross_domain_auc_hi": cross.high,
        "worst_auc": worst["auc"] if worst else math.nan,
        "worst_auc_lo": worst["auc_lo"] if worst else math.nan,
        "worst_auc_hi": worst["auc_hi"] if worst else math.nan,
        "worst_domain": worst["domain"] if worst else "",
        **clips.headline([t["domain"] for t in home], [t["domain"] for t in abroad]),
        "oracle_auc": _mean([t["oracle_auc"] for t in headline]),
        "allpass_auc": _mean([t["allpass_auc"] for t in headline]),
        "gain": _mean([t["auc"] - t["allpass_auc"] for t in headline]),
        "coverage": _mean([t["coverage"] for t in tests]),
        "fit_seconds": entry["fit_seconds"],
        "ms_per_picture": document["decode_ms"] + entry["score_ms"],
        "score_ms": entry["score_ms"],
        "model_bytes": (document.get("model_bytes") or math.nan) if entry["role"] == "chosen" else math.nan,
        "seeds": document["seeds"],
        "rule": document["rule"] if entry["role"] == "chosen" else "",
        "gaps": document["gaps"],
        "study": document["study"],
        # Of cells that do not say so: the name of their study, of settings alone, and their own.
        "settings": document.get("settings", document.get("study_key", "")[:SHORT]),
        "variant": document.get("variant", document["key"][:SHORT]),
        "cell": document["key"],
        "finished": document["finished"],
        "splits": document.get("splits", {}),
        "split_id": document.get("split_id", ""),
        "dropped_leaks": document.get("dropped_leaks", {"train": 0, "val": 0}),
        "data": document.get("data", {}),
        "tests": tests,
        "robustness": _robustness(document["train"], bootstrap, tested, drawn),
    }


Tests = list[dict[str, Any]]


def _home_and_abroad(tests: Tests, train: str) -> tuple[Tests, Tests]:
    """
    Test entries of the training domain and of other domains, perturbed ones left out.

    A detector that was trained on a perturbed domain is at home there, if it was tested there, and else on the same
    pictures as they are: neither is another domain.
    """
    plain = [t for t in tests if not chain_of(t["domain"])]
    home = [t for t in tests if t["domain"] == train] or [t for t in plain if t["domain"] == unperturbed(train)]
    return home, [t for t in plain if t["domain"] != unperturbed(train)]


def _robustness(
    train: str, bootstrap: GroupBootstrap, tested: dict[str, list[DomainScores]], drawn: dict[str, NDArray[np.float64]]
) -> list[dict[str, Any]]:
    """
    What each perturbation does to the AUC: mean over the test domains that were scored with and without it.

    The training domain and the others stay apart: where a detector finds nothing, there is nothing to lose.
    """
    found = []
    for chain in dict.fromkeys(filter(None, map(chain_of, tested))):
        names = [name for name in tested if chain_of(name) == chain]
        for scope, at_home in (("in-domain", True), ("cross-domain", False)):
            mine = [name for name in names if (unperturbed(name) == unperturbed(train)) == at_home]
            if mine:
                found.append({"perturbation": chain, "scope": scope, **_change(bootstrap, tested, drawn, mine)})
    return found


def _change(
    bootstrap: GroupBootstrap,
    tested: dict[str, list[DomainScores]],
    drawn: dict[str, NDArray[np.float64]],
    perturbed: Sequence[str],
) -> dict[str, Any]:
    """Mean AUC on perturbed domains and what is lost; its interval is paired, as a draw holds the same groups on both sides."""
    paired = [name for name in perturbed if unperturbed(name) in tested]
    names = paired or perturbed
    under = _mean_interval(bootstrap, tested, drawn, names)
    plain = drop = Interval(math.nan, math.nan, math.nan, math.nan)
    if paired:
        clean = [unperturbed(name) for name in paired]
        plain = _mean_interval(bootstrap, tested, drawn, clean)
        lost = np.mean([drawn[unperturbed(name)] - drawn[name] for name in paired], axis=0)
        drop = difference(Measured(plain, _scored(tested, clean)), Measured(under, _scored(tested, names)), lost)
    return {
        "domains": [unperturbed(name) for name in names],
        "clean_auc": plain.value,
        **{f"auc{end}": value for end, value in _bounds(under)},
        **{f"drop{end}": value for end, value in _bounds(drop)},
    }


def _bounds(interval: Interval) -> list[tuple[str, float]]:
    return [("", interval.value), ("_lo", interval.low), ("_hi", interval.high)]


def _mean_interval(
    bootstrap: GroupBootstrap,
    tested: dict[str, list[DomainScores]],
    drawn: dict[str, NDArray[np.float64]],
    domains: Sequence[str],
) -> Interval:
    """Mean AUC over some domains."""
    return bootstrap.interval(_scored(tested, domains), np.mean([drawn[domain] for domain in domains], axis=0))


def _scored(tested: dict[str, list[DomainScores]], domains: Sequence[str]) -> list[Scored]:
    return [entry.scored for domain in domains for entry in tested[domain]]


def _test_entry(
    context: _Context, domain: str, entries: Sequence[DomainScores], thresholds: Sequence[float], auc: Interval
) -> dict[str, Any]:
    known = domain in context.oracle
    document = context.document
    return {
        "domain": domain,
        "auc": auc.value,
        "auc_lo": auc.low,
        "auc_hi": auc.high,
        "n": entries[0].n_items,
        "coverage": _mean([entry.coverage for entry in entries]),
        **_mean_metrics(entries, thresholds),
        "allpass_auc": _mean_auc(context.allpass.get(domain, [])),
        "oracle_auc": _mean_auc(context.oracle[domain]) if known else math.nan,
        "oracle_band": context.oracle_bands.get(domain),
        "split_list": document.get("test_splits", {}).get(domain, ""),
        "pictures": document.get("pictures", {}).get(domain, ""),
        "lookalikes": document.get("lookalikes", {}).get(domain, {}).get("n", 0),
    }


def _mean_metrics(entries: Sequence[DomainScores], thresholds: Sequence[float]) -> dict[str, float]:
    each = [all_metrics(e.scored.labels, e.scored.scores, t) for e, t in zip(entries, thresholds, strict=True)]
    return {name: _mean([one[name] for one in each]) for name in each[0] if name != "auc"}


def _mean_auc(entries: Sequence[DomainScores]) -> float:
    return _mean([roc_auc(e.scored.labels, e.scored.scores) for e in entries])


def _mean(values: Sequence[float]) -> float:
    """Mean that stays undefined where a part of it is."""
    return float(np.mean(values)) if len(values) else math.nan
