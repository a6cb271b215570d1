"""Files of a folder that anybody may have made."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from bandbench.benchmark.store.foreign import ForeignFolder


def test_what_is_no_file_in_the_folder_is_not_opened(tmp_path: Path) -> None:
    root = tmp_path / "model"
    root.mkdir()
    (tmp_path / "secret").write_text("x")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to("loop")
    (root / "zero").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe")
    (root / "large").write_bytes(b"12345")
    files = ForeignFolder(root)
    for name in ("out", "loop", "zero"):
        with pytest.raises(ValueError, match=f"{name} is a link out of the folder"):
            files.read(name)
    with pytest.raises(ValueError, match="pipe: neither a file nor a folder"):
        files.read("pipe")
    with pytest.raises(ValueError, match="large: .* are more than such a file has"):
        files.read("large", 4)
    with pytest.raises(FileNotFoundError):
        files.read("gone")
    assert [files.has(name) for name in ("loop", "gone")] == [True, False]


def test_a_folder_that_is_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.txt").write_text("x")
    (tmp_path / "link").symlink_to("model")
    assert ForeignFolder(tmp_path / "link").read("a.txt") == b"x"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "a.json: Expecting"),
        ("[" * 5000 + "]" * 5000, "a.json (is nested|: ).*"),
        ("[" * 80 + "]" * 80, "a.json is nested more than 64 levels deep"),
        ("[NaN]", "a.json: NaN is no number of JSON"),
        ("[1e999]", "a.json has a number that is too large"),
        ('["\\u001b[31m"]', "a.json has a text with control characters"),
        ('{"\\u202e": 1}', "a.json has a text with control characters"),
        ("1" * 5000, "a.json: Exceeds the limit"),
    ],
)
def test_json_that_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=reason):
        ForeignFolder(tmp_path).read_json("a.json")


def test_json_and_text_that_are_read(tmp_path: Path) -> None:
    value = {"a": [1, 2.5, None, "tree\nline\t[bold]é"]}
    (tmp_path / "a.json").write_text(json.dumps(value))
    (tmp_path / "b.txt").write_bytes(b"\xff")
    (tmp_path / "c.txt").write_text("ab cd\n")
    files = ForeignFolder(tmp_path)
    assert files.read_json("a.json") == value
    with pytest.raises(ValueError, match="b.txt is not UTF-8"):
        files.read_text("b.txt")
    assert files.read_tokens("c.txt", "[a-d]{2}") == {"ab", "cd"}
    with pytest.raises(ValueError, match="c.txt has '(ab|cd)' in it"):
        files.read_tokens("c.txt", "[0-9]+")


def test_arrays_are_finite_and_whole(tmp_path: Path) -> None:
    files = ForeignFolder(tmp_path)
    save_file({"x": np.arange(3.0)}, tmp_path / "good.safetensors")
    arrays = files.read_arrays("good.safetensors")
    arrays["x"][0] = 5.0  # the caller's own
    np.testing.assert_array_equal(arrays["x"], [5.0, 1.0, 2.0])
    save_file({"x": np.array([np.nan])}, tmp_path / "nan.safetensors")
    with pytest.raises(ValueError, match="nan.safetensors: 'x' has values that are not finite"):
        files.read_arrays("nan.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(save({"x": np.arange(9.0)})[:-9])
    with pytest.raises(ValueError, match=r"cut.safetensors: "):
        files.read_arrays("cut.safetensors")
