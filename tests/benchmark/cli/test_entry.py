"""The entry point: a mistake of the user is one message with its exit code, an interruption is quiet."""

import pytest

from bandbench.benchmark.cli import entry, main
from bandbench.benchmark.errors import BenchError


def test_a_mistake_is_a_message_and_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["show", "nonsense"])
    assert stop.value.code == BenchError.exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("bench: unknown detector, data set or study 'nonsense'.")


def test_an_interruption_ends_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "settle_folders", interrupt)
    with pytest.raises(SystemExit) as stop:
        main(["list", "studies"])
    assert stop.value.code == 130
    assert capsys.readouterr() == ("", "Stopped by Ctrl-C.\n")
