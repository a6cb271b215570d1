"""Small pictures for the page, and nothing else that a recorded file may hold."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bandbench.benchmark.results.inline_pictures import WEBP_ADDRESS as ADDRESS
from bandbench.benchmark.results.mistakes import FILE, PER_CLASS
from bandbench.leaderboard.page.mistakes import LARGEST, mistakes


def webp() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (96, 96), (90, 50, 50)).save(out, "WEBP")
    return out.getvalue()


def address(content: bytes) -> str:
    return ADDRESS + base64.b64encode(content).decode()


def write(folder: Path, told: Any) -> None:
    (folder / FILE).write_text(json.dumps(told), encoding="utf-8")


def entry(picture: Any, item: str = "a/1.png", score: float = 0.7) -> dict[str, Any]:
    return {"item": item, "score": score, "picture": picture}


def test_pictures_come_whole_with_name_and_score(tmp_path: Path) -> None:
    one = entry(address(webp()))
    write(tmp_path, {"set/a": {"reals": [one], "fakes": []}, "set/b": {"reals": [one], "fakes": []}})
    found = mistakes(tmp_path, ["set/a", "set/c"])
    assert found == {"set/a": {"reals": [["a/1.png", 0.7, address(webp())]], "fakes": []}}


def test_only_the_first_ones_are_taken(tmp_path: Path) -> None:
    write(tmp_path, {"a": {"fakes": [entry(address(webp()), str(i)) for i in range(20)]}})
    assert [one[0] for one in mistakes(tmp_path, ["a"])["a"]["fakes"]] == [str(i) for i in range(PER_CLASS)]


@pytest.mark.parametrize(
    "picture",
    [
        "",
        None,
        3,
        "https://example.org/x.webp",
        "javascript:alert(1)",
        "data:image/svg+xml;base64,PHN2Zz4=",
        ADDRESS + "no base64!",
        address(b"<svg onload=alert(1)>"),
        address(webp() + bytes(LARGEST)),
        address(webp()) + '" onerror="alert(1)',
    ],
)
def test_what_is_no_small_picture_is_left_out(tmp_path: Path, picture: Any) -> None:
    write(tmp_path, {"a": {"reals": [entry(picture), "x", None]}})
    assert mistakes(tmp_path, ["a"]) == {}


@pytest.mark.parametrize("told", [[], {"a": []}, {"a": {"reals": None}}, "x"])
def test_a_damaged_list_gives_nothing(tmp_path: Path, told: Any) -> None:
    write(tmp_path, told)
    assert mistakes(tmp_path, ["a"]) == {}
    assert mistakes(tmp_path / "none", ["a"]) == {}
