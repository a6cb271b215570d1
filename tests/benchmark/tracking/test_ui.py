"""Views and addresses of the MLflow UI."""

import json
from types import SimpleNamespace
from typing import Any

from bandbench.benchmark.tracking.ui import VIEW_TAG, runs_page, study_page, study_view


def experiment(**tags: str) -> Any:
    return SimpleNamespace(experiment_id="7", tags=tags)


def test_the_view_of_a_study_lists_cells_best_first() -> None:
    view = json.loads(study_view())
    assert view["searchFilter"] == "tags.`bandbench.kind` = 'cell'"
    assert (view["orderByKey"], view["orderByAsc"]) == ("metrics.`cross_domain_auc`", False)
    assert len(view["selectedColumns"]) == 6


def test_a_page_names_the_shared_view_or_says_it_in_its_address() -> None:
    assert runs_page("7") == "/#/experiments/7/runs?workflowType=machine_learning"
    assert study_page(experiment(**{VIEW_TAG: "{}"})) == f"{runs_page('7')}&viewStateShareKey=bandbench"
    assert study_page(experiment()) == (
        f"{runs_page('7')}&searchFilter=tags.%60bandbench.kind%60+%3D+%27cell%27"
        "&orderByKey=metrics.%60cross_domain_auc%60&orderByAsc=false"
    )
