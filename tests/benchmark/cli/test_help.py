"""Help: flags are flags, every command has examples that are valid, and the shell completes values."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from bandbench.benchmark.cli import completion, main
from bandbench.benchmark.cli.app import app
from bandbench.benchmark.cli.examples import EXAMPLES
from bandbench.benchmark.registry import datasets, detectors
from bandbench.benchmark.study.study_file import shipped_studies

ROOT = typer.main.get_command(app)


def walk(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    yield " ".join(words), command
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, (*words, name))


COMMANDS = dict(walk(ROOT))


def test_every_command_has_examples() -> None:
    assert set(EXAMPLES) == set(COMMANDS)
    assert all(EXAMPLES.values())


@pytest.mark.parametrize("words", COMMANDS)
def test_examples_are_of_their_command_and_can_be_parsed(words: str) -> None:
    for example in EXAMPLES[words]:
        assert f"{example.arguments} ".startswith(f"{words} ".lstrip())
        command, context, arguments = ROOT, None, shlex.split(example.arguments)
        while True:
            context = command.make_context("bench", list(arguments), parent=context, resilient_parsing=False)
            rest = [*getattr(context, "_protected_args", ()), *context.args]
            if not hasattr(command, "commands") or not rest:
                break
            command, arguments = command.commands[rest[0]], rest[1:]


@pytest.mark.parametrize("words", ["run", "scan", "data prepare", "list", "leaderboard"])
@pytest.mark.parametrize("columns", [60, 120])
def test_help_shows_flags_as_flags_and_examples(
    words: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as stop:
        main([*words.split(), "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert "bool" not in text
    assert all(f"bench {example.arguments}" in text for example in EXAMPLES[words])


def completed(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    words = line.split(" ")
    monkeypatch.setenv("_BENCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    with pytest.raises(SystemExit):
        ROOT.main([], prog_name="bench")
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("bench run band_", ["band_search", "band_transfer"]),
        ("bench run --study band_t", ["band_transfer"]),
        ("bench run --detector spectral_l", ["spectral_lgbm", "spectral_logreg"]),
        ("bench run --data mine=x --test m", ["mine"]),
        ("bench train coin_flip --train procedural/pl", ["procedural/planted"]),
        ("bench data doctor ff", ["ffhq", "ffpp"]),
        ("bench list stu", ["studies"]),
        ("bench show upsam", ["upsampling"]),
    ],
)
def test_the_shell_completes_values(
    line: str, wanted: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed(line, monkeypatch, capsys) == wanted


def test_what_is_completed_is_what_there_is() -> None:
    assert completion.studies("") == sorted(shipped_studies())
    assert completion.detectors("") == sorted(detectors.names())
    assert completion.datasets("") == sorted(datasets.names())
