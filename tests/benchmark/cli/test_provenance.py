"""Lines about the data of a command: missing parts, domains and pictures that were left out, remarks."""

import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from bandbench.api.notes import left_out_text
from bandbench.benchmark.cli import main
from bandbench.benchmark.cli.provenance import print_dropped, print_missing, print_remarks, print_unusable
from bandbench.datasets.folder import Folder


def printed(function: Any, value: Any) -> list[str]:
    stream = io.StringIO()
    function(value, Console(file=stream, width=40))
    return stream.getvalue().splitlines()


def test_missing_parts_have_a_line_per_data_set() -> None:
    facts = {"ffpp": {"missing": ["Deepfakes", "FaceSwap"]}, "mine": {"missing": []}, "other": {}}
    assert printed(print_missing, facts) == ["ffpp is not complete: Deepfakes; FaceSwap."]


def test_a_domain_that_is_left_out_has_its_reason() -> None:
    text = "ffpp/FaceSwap is left out, the rest of ffpp is used: no fake picture."
    assert left_out_text("ffpp/FaceSwap", "no fake picture.") == text
    assert printed(print_unusable, {"ffpp/FaceSwap": "no fake picture"}) == [text]


def test_dropped_pictures_are_counted_by_split() -> None:
    dropped = {"mine": {"train": 3, "val": 0, "test": 1}, "other": {"train": 0}}
    why = "they share a clip or an identity with pictures on the other side"
    assert printed(print_dropped, dropped) == [f"mine: 3 training and 1 test pictures were left out (--drop-leaks): {why}."]


def test_remarks_stand_once_per_data_set() -> None:
    dataset = SimpleNamespace(remarks=lambda: ["2 files passed over"])
    domains = [SimpleNamespace(name=name, dataset=dataset) for name in ("mine/a", "mine/b")]
    assert printed(print_remarks, domains) == ["mine: 2 files passed over"]


def test_sources_without_a_picture_end_every_command_that_reads_them_with_3(
    picture_folder: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ("--data", f"mine={picture_folder(n=30)}")
    model, small = tmp_path / "model", ("--crop", "64")
    commands = (
        ("train", "coin_flip", "--train", "mine", *data, *small, "--jobs", "1", "--out", str(model)),
        ("evaluate", str(model), "--test", "mine", *data, "--jobs", "1"),
        ("spectra", "mine", *data, *small, "--jobs", "1", "--no-track", "--out", str(tmp_path / "spectra")),
        ("embeddings", "mine", "--detector", "knn", *data, *small, "--jobs", "1", "--out", str(tmp_path / "vectors.parquet")),
    )
    for words in commands:
        assert ended(words) == 0, capsys.readouterr().err
    shutil.rmtree(model)
    capsys.readouterr()
    monkeypatch.setattr(Folder, "lost_sources", lambda self, variant: ["1 of 60 sources without a face"])
    for words in commands:
        assert ended(words) == 3
        assert "mine: 1 of 60 sources without a face." in capsys.readouterr().err


def ended(words: Sequence[str]) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    return end.value.code
