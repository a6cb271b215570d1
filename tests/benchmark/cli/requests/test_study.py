"""``bench run`` without options leaves everything to the study."""

import dataclasses

from bandbench.benchmark.cli.requests.study import RunRequest


def test_an_option_that_is_not_given_changes_nothing() -> None:
    values = dataclasses.asdict(RunRequest())
    flags = {"drop_leaks", "allow_lookalikes", "fresh", "dry_run", "strict", "no_controls"}
    assert {name: values[name] for name in flags} == dict.fromkeys(flags, False)
    assert {value for name, value in values.items() if name not in flags} == {None}
