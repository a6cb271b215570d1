"""Workers that differ from the client: what is refused, what is only said, and the words for both."""

from dataclasses import replace

import pytest

from bandbench.benchmark.cluster.checks import errors_in, remarks_on
from bandbench.benchmark.cluster.session import FolderFault, Report, Session
from bandbench.benchmark.cluster.software import Software

HERE = Software({"Python": "3.11", "numpy": "2.3.0", "torch": "2.8.0"}, "abc", ("openblas for Zen",))
SESSION = Session(
    "key", {}, "/", (), (), {"BANDBENCH_HOME": "/nfs/home"}, HERE, probed={"the path /data": "a folder with 3 entries"}
)
SAME = Report("node1", "ann", HERE, {}, {"the path /data": "a folder with 3 entries"})


def software(**versions: str) -> Report:
    return replace(SAME, software=replace(HERE, versions=HERE.versions | versions))


def test_equal_workers_are_taken_without_a_word() -> None:
    reports = {"tcp://a:1": SAME, "tcp://b:1": replace(SAME, host="node2")}
    assert (errors_in(SESSION, reports), remarks_on(SESSION, reports)) == ([], [])


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (replace(SAME, folders={"BANDBENCH_HOME": (FolderFault.ABSENT, "")}), "there is no folder /nfs/home there"),
        (replace(SAME, folders={"BANDBENCH_HOME": (FolderFault.ANOTHER, "")}), "/nfs/home is another folder there"),
        (
            replace(SAME, folders={"BANDBENCH_HOME": (FolderFault.UNWRITABLE, "Permission denied")}),
            "ann cannot write to /nfs/home there (Permission denied)",
        ),
        (software(numpy="2.2.1"), "numpy is 2.2.1 there and 2.3.0 here"),
        (software(Python="3.12"), "Python is 3.12 there and 3.11 here"),
        (software(torch="2.7.0"), "torch is 2.7.0 there and 2.8.0 here"),
        (replace(SAME, software=replace(HERE, code="def")), "the source code of bandbench differs"),
        (
            replace(SAME, probed={"the path /data": "missing"}),
            "the path /data is missing there and a folder with 3 entries here",
        ),
        (replace(SAME, probed={}), "the path /data is missing there"),
    ],
)
def test_what_could_change_or_lose_results_is_an_error(report: Report, words: str) -> None:
    (error,) = errors_in(SESSION, {"tcp://a:1": SAME, "tcp://b:2": report})
    assert words in error
    assert error.startswith("worker tcp://b:2 on node1: ")


def test_a_missing_library_of_the_base_is_an_error_and_one_of_an_extra_a_remark() -> None:
    lacking = replace(SAME, software=replace(HERE, versions={"Python": "3.11", "torch": "2.8.0"}))
    assert "numpy is missing there and 2.3.0 here" in errors_in(SESSION, {"tcp://a:1": lacking})[0]
    lacking = replace(SAME, software=replace(HERE, versions={"Python": "3.11", "numpy": "2.3.0"}))
    assert errors_in(SESSION, {"tcp://a:1": lacking}) == []
    assert "torch is installed here and missing there" in remarks_on(SESSION, {"tcp://a:1": lacking})[0]


def test_another_processor_is_a_remark_with_its_reason() -> None:
    other = replace(SAME, software=replace(HERE, kernels=("openblas for SkylakeX",)))
    (remark,) = remarks_on(SESSION, {"tcp://a:1": other})
    assert "by openblas for SkylakeX there and by openblas for Zen here" in remark
    assert "OPENBLAS_CORETYPE" in remark
    assert errors_in(SESSION, {"tcp://a:1": other}) == []


def test_workers_with_one_fault_are_named_together_up_to_a_few() -> None:
    fault = software(numpy="2.2.1")
    reports = {f"tcp://a:{i}": replace(fault, host=f"node{i}") for i in range(5)}
    (error,) = errors_in(SESSION, reports)
    assert error.startswith("5 workers (tcp://a:0 on node0, tcp://a:1 on node1, tcp://a:2 on node2 and 2 more): numpy is 2.2.1")
