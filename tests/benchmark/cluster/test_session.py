"""Probes: facts that have to be the same everywhere."""

from bandbench.benchmark.cluster.session import Probe


def test_a_probe_is_called_with_its_arguments() -> None:
    assert Probe(dict, ([("the folder", "there")],)).values() == {"the folder": "there"}
