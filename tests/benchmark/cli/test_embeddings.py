"""``bench embeddings`` from pictures to a file, and what can be wrong with what it is given."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.cli import main

Maker = Callable[..., Path]
SIZES = ("--data", "procedural.n_train=4", "--data", "procedural.n_val=2", "--data", "procedural.n_test=3")
needs_torch = pytest.mark.usefixtures("_with_torch")


@pytest.fixture
def _with_torch() -> None:
    pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error (on one line) of ``bench embeddings``."""
    with pytest.raises(SystemExit) as ended:
        main(["embeddings", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return int(ended.value.code or 0), out, " ".join(err.split())


@needs_torch
def test_a_second_export_takes_everything_from_the_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("procedural/planted", *SIZES, "--detector", "clip_probe/random", "--crop", 48, "--jobs", 1)
    code, printed, messages = bench(capsys, *arguments, "--out", tmp_path / "one.parquet", "--json")
    assert code == 0, messages
    facts = json.loads(printed)
    assert (facts["pictures"], facts["skipped"], facts["features"]) == (18, 0, 64)
    table = pq.read_table(tmp_path / "one.parquet")
    assert table.column_names == ["domain", "item", "label", "split", "group", "status", "detail", "vector"]
    assert "preparing pictures: 18 of 18" not in messages  # so quick that nothing is said in between

    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")}
    assert any(path.name.startswith("view-embedding-") for path in written)
    code, _, messages = bench(capsys, *arguments, "--out", tmp_path / "two.npz", "--split", "all")
    assert code == 0
    assert "two.npz: 18 pictures of 1 domain, vectors of 64 numbers." in messages
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.npy")} == written
    with np.load(tmp_path / "two.npz") as archive:
        np.testing.assert_array_equal(archive["vector"], np.array(table.column("vector").to_pylist(), np.float32))


def test_gaps_are_told_and_end_with_3(picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = picture_folder(n=8)
    (root / "fake" / "fakea000.png").write_text("text")
    out = tmp_path / "v.parquet"
    code, _, messages = bench(capsys, "--data", f"mine={root}", "--detector", "spectral_svm", "--crop", 48, "--out", out)
    assert code == 3
    assert "1 pictures could not be used" in messages
    assert "mine: fake/fakea000.png: not a JPEG" in messages
    assert pq.read_table(out).column("status").to_pylist().count("ok") == 15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no domain is named; try `bench embeddings procedural/planted --detector clip_probe/random`"),
        (("procedural/plantd",), "Did you mean 'planted'?"),
        (("procedural/planted", "--detector", "clip_prob"), "Did you mean 'clip_probe'?"),
        (("procedural/planted", "--out", "v.csv"), "--out is a file that ends in .parquet or .npz, got v.csv"),
        (("procedural/planted", "--out", "/nowhere/v.npz"), "cannot write /nowhere/v.npz: there is no folder /nowhere"),
        (("procedural/planted", "--band", "lo:3", "--detector", "spectral_svm"), "a band is written all, low:0.2"),
        (("procedural/planted", "--data", "mine=.", "--detector", "spectral_svm"), "--data mine is not used"),
    ],
)
def test_mistakes(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, messages = bench(capsys, *arguments)
    assert code == 2
    assert message in messages
    assert not list(tmp_path.glob("*.*"))


@needs_torch
@pytest.mark.parametrize(
    ("detector", "message"),
    [
        ((), "open_clip ViT-L-14 needs weights: the path of a file, the tag of published ones"),
        (("--param", "weights=absent.pt"), "there is no weights file"),
        (("--param", "weights=random", "--param", "precision=int8"), "should be 'float32', 'bfloat16' or 'float16'"),
    ],
)
def test_an_encoder_that_cannot_be_had(
    detector: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    small = (*SIZES, "--crop", "48", "--jobs", "1")
    code, _, messages = bench(capsys, "procedural/planted", "--detector", "clip_probe", *detector, *small)
    assert code == 2
    assert message in messages


def test_all_pictures_are_taken_where_none_can_be_split(
    picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "v.parquet"
    arguments = ("--data", f"mine={picture_folder(n=3)}", "--detector", "spectral_svm", "--crop", 48, "--jobs", 1, "--out", out)
    code, _, messages = bench(capsys, *arguments)
    assert code == 0, messages
    table = pq.read_table(out)
    assert (table.num_rows, set(table.column("split").to_pylist())) == (6, {""})
    code, _, messages = bench(capsys, *arguments, "--split", "test")
    assert code == 2
    assert "6 pictures in 6 groups cannot be split" in messages
