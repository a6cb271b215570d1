"""Settings of a preparation: digest, text, options of the command, refusals, and the least face."""

from dataclasses import fields
from typing import Any

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.settings import Settings, parse_codec

OTHER: dict[str, Any] = {
    "frames": 16,
    "every": 4,
    "decoder": "opencv",
    "faces": "yunet",
    "weights": "ab" * 32,
    "threshold": 0.5,
    "choice": "largest",
    "margin": 0.0,
    "min_size": 0,
    "align": True,
    "size": 256,
    "recode": "jpeg:75",
}


def changed(name: str) -> Settings:
    """Settings with one of the fields changed, and what it cannot do without."""
    needed = {"every": {"frames": 0}, "align": {"faces": "yunet"}}.get(name, {})
    return Settings(**{name: OTHER[name], **needed})


def test_any_setting_changes_the_digest_and_the_text() -> None:
    assert set(OTHER) == {field.name for field in fields(Settings)}
    found = {name: changed(name) for name in OTHER}
    assert len({settings.digest for settings in (Settings(), *found.values())}) == len(OTHER) + 1
    assert all(f"{name}={OTHER[name]}" in settings.text for name, settings in found.items() if name != "weights")
    assert Settings().text == f"defaults ({Settings().digest})"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"frames": 4, "every": 2}, "one of the two; got frames=4 and every=2"),
        ({"frames": 0}, "one of the two"),
        ({"frames": -1}, "frames is not below 0, got -1"),
        ({"decoder": "ffmpeg"}, "unknown decoder 'ffmpeg'"),
        ({"faces": "harr"}, "Did you mean 'haar'"),
        ({"choice": "smallest"}, "unknown choice 'smallest'"),
        ({"threshold": 1.5, "faces": "yunet"}, "threshold is a confidence"),
        ({"margin": -0.5}, "margin is a share"),
        ({"margin": float("nan")}, "margin is a share"),
        ({"align": True}, "align needs landmarks, which haar does not find"),
        ({"recode": "mpeg2"}, "jpeg:QUALITY"),
        ({"recode": "jpeg:200"}, "from 1 to 100"),
    ],
)
def test_settings_that_make_no_sense(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Settings(**given)


@pytest.mark.parametrize("name", [name for name in OTHER if name != "weights"])
def test_settings_can_be_typed_again(name: str) -> None:
    from typer.testing import CliRunner

    from bandbench.benchmark.cli.app import app

    settings = changed(name)
    options = settings.as_options(Settings())
    assert options and Settings().as_options(Settings()) == []
    result = CliRunner().invoke(app, ["data", "prepare", "procedural", *options])
    assert "No such option" not in result.output and "Invalid value" not in result.output


@pytest.mark.parametrize(
    ("settings", "frame", "least"),
    [
        (Settings(), (480, 640), 80),
        (Settings(), (240, 320), 64),
        (Settings(), (1920, 1080), 100),
        (Settings(min_size=30), (1920, 1080), 30),
        (Settings(min_size=0), (480, 640), 0),
        (Settings(faces="none"), (480, 640), 0),
    ],
)
def test_the_least_face_is_a_sixth_of_the_frame_within_bounds(settings: Settings, frame: tuple[int, int], least: int) -> None:
    assert settings.least_face(*frame) == least


@pytest.mark.parametrize(("text", "codec"), [("jpeg:1", ("jpeg", 1)), ("jpeg:100", ("jpeg", 100)), ("h264:0", ("h264", 0))])
def test_a_codec_has_a_level(text: str, codec: tuple[str, int]) -> None:
    assert parse_codec(text) == codec


@pytest.mark.parametrize("text", ["jpeg", "jpeg:", "jpeg:0", "jpeg:101", "jpeg:7.5", "h264:52", "h264:-1", "jpeg:\u0663"])
def test_a_codec_without_a_possible_level_is_refused_as_it_was_written(text: str) -> None:
    with pytest.raises(DataError, match=f"got {text!r}"):
        parse_codec(text)
