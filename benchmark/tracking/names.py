"""Names in MLflow: tags of our runs, and the metrics, tags and parameters that a row is checked against."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

MARK = "~"  # between the name of a study and what its board differs in, see `boards`
KEY = "bandbench.key"
KIND = "bandbench.kind"
STUDY_KEY = "bandbench.study_key"
COMPLETE = "bandbench.complete"
SENT = "bandbench.sent"  # day on which a cell arrived, which may be long after it ended: 2026-03-31, UTC
USED = "bandbench.used"  # when a run had this result last, computed or taken from the records; seconds since the epoch
CONTENTS = "bandbench.contents"  # digest of `ROW_FILES` as they were sent, see `store.files.contents_digest`
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"  # Markdown, shown on top of a run's page
IS_FINISHED_CELL = f"tags.`{KIND}` = 'cell' and tags.`{COMPLETE}` = '1'"

IN_DOMAIN, CROSS_DOMAIN = "in_domain_auc", "cross_domain_auc"
OLD_NAMES = {"auc": IN_DOMAIN}  # of runs from before metrics had the names of the CSV
ROW_FILES = ("cell.json", "scores")  # artifacts of a cell that its rows follow from
# What MLflow holds of a cell besides, and a row is compared with where it is there.
COMPARED_METRICS = (
    *("worst_auc", "oracle_auc", "allpass_auc", "gain", "coverage", "fit_seconds", "ms_per_picture", "model_bytes", "val_auc"),
    *("evidence.low", "evidence.high", "evidence.stretches", "shortcut.auc", "shortcut.lo", "shortcut.hi"),
)
EARLIER_TAGS = (KEY, "detector", "train", "splits")
COMPARED_TAGS = (*EARLIER_TAGS, CONTENTS, "variant")
BAND_PARAMS = tuple(f"band.{name}" for name in ("kind", "cutoff", "width", "order", "mode", "period", "halfwidth", "points"))
COMPARED_PARAMS = ("rule", "shortcut.fact", "dropped_leaks.train", "dropped_leaks.val", *BAND_PARAMS)


def used_at(text: str | None, finished: float) -> float:
    """
    Time of the last use of a result, in seconds since the epoch.

    Parameters
    ----------
    text : str or None
        Value of the tag `USED`.
    finished : float
        Seconds since the epoch; stands in for a tag that is missing or no number.
    """
    try:
        used = float(text or finished)
    except ValueError:
        return finished
    return used if math.isfinite(used) else finished


def is_checked(metric: str) -> bool:
    """Decide if a metric of a cell has to follow from its score files."""
    return metric in (IN_DOMAIN, CROSS_DOMAIN, *OLD_NAMES) or (metric.startswith("test/") and metric.endswith("/auc"))


def checked(metrics: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Metrics that a row is checked against, under their present names."""
    values = {name: value for name, value in metrics if is_checked(name)}
    return {new: values[old] for old, new in OLD_NAMES.items() if old in values} | {
        name: value for name, value in values.items() if name not in OLD_NAMES
    }


def compared(metrics: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return those of `COMPARED_METRICS`, in their order."""
    return of_interest(dict(metrics), COMPARED_METRICS)


def compared_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return those of `COMPARED_TAGS`; a run without a time of use is of a version that had neither variants nor digests."""
    return of_interest(tags, COMPARED_TAGS if USED in tags else EARLIER_TAGS)


def of_interest(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the values of some names that are there, in the order of the names."""
    return {name: values[name] for name in names if name in values}
