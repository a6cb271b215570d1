"""A stage of work on a cluster is shown with its size."""

from types import SimpleNamespace
from typing import Any, cast

from bandbench.benchmark.cluster.client import ClusterSize
from bandbench.benchmark.cluster.progress import ClusterReporter, reporter_of
from bandbench.benchmark.workers import Workers
from conftest import SilentReporter


def test_stages_name_the_size_that_the_cluster_has_then() -> None:
    inner = SilentReporter()
    workers: Any = SimpleNamespace(size=ClusterSize(2, 1, 8))
    reporter = ClusterReporter(inner, cast(Any, workers))
    reporter.stage("fitting", 3)
    workers.size = ClusterSize(1, 1, 1)
    reporter.stage("keeping the study", None)
    reporter.note("a line")
    reporter.advance(2)
    assert inner.stages == [
        "fitting on 8 processes of 2 workers on 1 host",
        "keeping the study on 1 process of 1 worker on 1 host",
    ]
    assert (inner.notes, inner.done) == (["a line"], 2)


def test_work_of_this_machine_is_reported_as_it_is() -> None:
    inner = SilentReporter()
    assert reporter_of(Workers(2), inner) is inner
