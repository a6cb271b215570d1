"""Options of the commands about plugins."""

from pathlib import Path

from bandbench.benchmark.cli.requests.plugins import CheckDatasetRequest, NewRequest, What


def test_the_kinds_that_can_be_listed() -> None:
    assert [kind.value for kind in What] == ["detectors", "datasets", "studies"]


def test_a_new_plugin_is_written_here_and_a_checked_data_set_needs_no_folder() -> None:
    assert NewRequest("mean_gap").into == Path()
    assert CheckDatasetRequest("procedural").root is None
