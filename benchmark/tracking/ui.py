"""Pages of the MLflow UI: the view of a study, and addresses below that of the server."""

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .names import CROSS_DOMAIN, IN_DOMAIN, KIND

if TYPE_CHECKING:
    from mlflow.entities import Experiment

# Cells alone, and not by time: then the MLflow UI lists them one below the other instead of folded below their study.
STUDY_VIEW = {"searchFilter": f"tags.`{KIND}` = 'cell'", "orderByKey": f"metrics.`{CROSS_DOMAIN}`"}
# Columns of the table of runs: few, and such that every cell has.
COLUMNS = (
    "params.`detector`",
    "params.`train`",
    "params.`band`",
    f"metrics.`{IN_DOMAIN}`",
    f"metrics.`{CROSS_DOMAIN}`",
    "metrics.`worst_auc`",
)
VIEW = "bandbench"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"  # of an experiment: where the MLflow UI keeps a view that is shared by its address
OTHER_PAGES = {"models": "models", "spectra": "spectra", "leaderboard": "leaderboard pages"}  # experiments that are no study
MODE = "workflowType=machine_learning"  # of the MLflow UI, which otherwise opens in the one for chat traces


def study_view() -> str:
    """View of a study in the MLflow UI, as JSON: its cells, best first, with the columns that one compares."""
    return json.dumps({**STUDY_VIEW, "orderByAsc": False, "compareRunsMode": "TABLE", "selectedColumns": COLUMNS})


def study_page(experiment: "Experiment") -> str:
    """Address of the cells of a study, below that of the server."""
    page = runs_page(experiment.experiment_id)
    if VIEW_TAG in experiment.tags:
        return f"{page}&viewStateShareKey={VIEW}"
    return f"{page}&{urlencode({**STUDY_VIEW, 'orderByAsc': 'false'})}"


def runs_page(experiment_id: str) -> str:
    """Address of the runs of an experiment, below that of the server."""
    return f"/#/experiments/{experiment_id}/runs?{MODE}"
