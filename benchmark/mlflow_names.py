"""Names that our runs carry in MLflow: tags, and the metrics that a row is checked against."""

from collections.abc import Iterable

KEY = "bandbench.key"
KIND = "bandbench.kind"
STUDY_KEY = "bandbench.study_key"
COMPLETE = "bandbench.complete"
SENT = "bandbench.sent"  # day on which a cell arrived, which may be long after it ended: 2026-03-31, UTC
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"  # Markdown, shown on top of a run's page
IS_FINISHED_CELL = f"tags.`{KIND}` = 'cell' and tags.`{COMPLETE}` = '1'"


def is_checked(metric: str) -> bool:
    """Whether a metric of a cell has to follow from its score files."""
    return metric in ("auc", "cross_domain_auc") or (metric.startswith("test/") and metric.endswith("/auc"))


def checked(metrics: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Those metrics that a row is checked against."""
    return {name: value for name, value in metrics if is_checked(name)}
