"""Runs of an MLflow store, and documents that become runs, for tests of tracking."""

import math

from mlflow.entities import Run

from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.store import client_for

PARENT = "mlflow.parentRunId"


def all_runs(uri: str, study: str = "small") -> list[Run]:
    client = client_for(uri)
    experiment = client.get_experiment_by_name(study)
    return list(client.search_runs([experiment.experiment_id], max_results=1000)) if experiment else []


def by_kind(runs: list[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {"study": [], "cell": [], "trial": []}
    for one in runs:
        found[one.data.tags["bandbench.kind"]].append(one)
    return found


def document(key: str = "k", **changes: object) -> RunDocument:
    parent = RunDocument("p", "study", "parent", "small", "p", start=1.0)
    defaults = {"parent": parent, "start": 2.0, "end": 3.0, "params": {"a": "1"}, "metrics": {"auc": 0.5, "gone": math.nan}}
    return RunDocument(key, "cell", "name", "small", "p", **(defaults | changes))
