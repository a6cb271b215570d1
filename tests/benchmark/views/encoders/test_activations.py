"""Which activation a CLIP model gets: every kind of source, and what is said of it. No weights are loaded."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.activations import (
    ActivationSource,
    Settled,
    choice_message,
    is_archive,
    is_place,
    settle,
)
from bandbench.benchmark.views.encoders.spec import TINY_CLIP

pytest.importorskip("open_clip", reason="pip install 'bandbench[deep]'")
PLAIN, TWIN = "ViT-B-32", "ViT-B-32-quickgelu"


def settled(model: str, weights: str | Path, asked: str = "auto") -> Settled:
    return settle(model, str(weights), asked, TINY_CLIP)


def safetensors(path: Path, metadata: dict[str, str] | None = None, names: tuple[str, ...] = ("visual.proj",)) -> Path:
    """The beginning of such a file, which is all that is read."""
    header = json.dumps({"__metadata__": metadata or {}, **{name: {"dtype": "F32"} for name in names}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in entries.items():
            opened.writestr(f"archive/{name}", content)
    return path


@pytest.mark.parametrize(
    ("name", "activation", "source"),
    [
        ("ViT-B-32-openai.pt", "quickgelu", ActivationSource.FILE_NAME),
        ("OpenAI_b32.safetensors", "quickgelu", ActivationSource.FILE_NAME),
        ("vit_b_32-quickgelu-laion400m_e32-46683a32.pt", "quickgelu", ActivationSource.FILE_NAME),
        ("metaclip_b32_400m.pt", "quickgelu", ActivationSource.FILE_NAME),
        ("openai/b32.pt", "quickgelu", ActivationSource.FILE_NAME),
        ("ViT-B-32-laion2b_s34b_b79k.safetensors", "gelu", ActivationSource.FILE_NAME),
        ("datacomp_xl_b32.bin", "gelu", ActivationSource.FILE_NAME),
        ("b32.pt", "gelu", ActivationSource.NOTHING),
        ("reopenaid.pt", "gelu", ActivationSource.NOTHING),  # a part of a word
        ("openai_or_laion2b.pt", "gelu", ActivationSource.NOTHING),  # says both
    ],
)
def test_names_of_files(tmp_path: Path, name: str, activation: str, source: ActivationSource) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"weights")
    found = settled(PLAIN, file)
    assert (found.activation, found.source, found.own) == (activation, source, "gelu")


@pytest.mark.parametrize(
    ("beside", "content", "activation"),
    [
        ("config.json", {"model_type": "clip", "vision_config": {"hidden_act": "quick_gelu"}}, "quickgelu"),
        ("config.json", {"hidden_act": "gelu"}, "gelu"),
        ("config.json", {"quick_gelu": True}, "quickgelu"),
        ("open_clip_config.json", {"model_cfg": {"quick_gelu": True}}, "quickgelu"),
        ("open_clip_config.json", {"model_cfg": {"quick_gelu": False}}, "gelu"),
        ("openai.json", {"quick_gelu": False}, "gelu"),
    ],
)
def test_a_configuration_beside_the_file_outdoes_its_name(tmp_path: Path, beside: str, content: dict, activation: str) -> None:
    file = safetensors(tmp_path / "openai.safetensors")
    (tmp_path / beside).write_text(json.dumps(content))
    found = settled(PLAIN, file)
    assert (found.activation, found.source, found.place) == (activation, ActivationSource.CONFIGURATION, str(tmp_path / beside))


def test_configurations_that_tell_nothing_are_passed_over(tmp_path: Path) -> None:
    file = safetensors(tmp_path / "w.safetensors")
    for content in ("{}", "[1]", "not json", '{"hidden_act": "relu"}'):
        (tmp_path / "config.json").write_text(content)
        assert settled(PLAIN, file).source is ActivationSource.NOTHING


def test_metadata_and_what_openai_keeps_beside_weights(tmp_path: Path) -> None:
    told = safetensors(tmp_path / "openai.safetensors", {"quick_gelu": "false"})
    assert settled(PLAIN, told) == Settled("gelu", ActivationSource.METADATA, str(told), "gelu")
    kept = safetensors(tmp_path / "w.safetensors", names=("visual.proj", "input_resolution"))
    assert settled(PLAIN, kept).source is ActivationSource.ARCHIVE
    pytorch = archive(tmp_path / "w.pt", {"data.pkl": b"\x80\x02}X\x10\x00\x00\x00input_resolution", "data/0": b""})
    assert settled(PLAIN, pytorch) == Settled("quickgelu", ActivationSource.ARCHIVE, str(pytorch), "gelu")
    assert not is_archive(pytorch)
    assert is_archive(archive(tmp_path / "ViT-B-32.pt", {"constants.pkl": b"", "code/__torch__.py": b""}))


def test_what_the_user_says_settles_it(tmp_path: Path) -> None:
    file = safetensors(tmp_path / "openai.safetensors")
    assert settled(PLAIN, file, "gelu") == Settled("gelu", ActivationSource.ASKED, "", "gelu")
    assert settled(TWIN, file, "gelu") == Settled("gelu", ActivationSource.ASKED, "", "quickgelu")
    assert settled(TWIN, file) == Settled("quickgelu", ActivationSource.TWIN_NAME, "", "quickgelu")
    with pytest.raises(PluginError, match="unknown activation of open_clip 'relu'.*Known: auto, gelu, quickgelu"):
        settled(PLAIN, file, "relu")
    with pytest.raises(PluginError, match=r"the image tower of RN50 \(open_clip\) has no choice of activation"):
        settled("RN50", "random", "gelu")


@pytest.mark.parametrize(
    ("model", "weights", "activation"),
    [
        (PLAIN, "openai", "quickgelu"),
        (PLAIN, "random", "gelu"),
        (TWIN, "random", "quickgelu"),
        ("tiny", "random", "gelu"),
        ("RN50", "openai", None),
        ("convnext_base", "laion400m_s13b_b51k", None),
    ],
)
def test_without_a_file(model: str, weights: str, activation: str | None) -> None:
    assert settled(model, weights).activation == activation


def test_published_tags_are_looked_up() -> None:
    assert settled(PLAIN, "laion400m_e32").activation == "quickgelu"
    assert settled(PLAIN, "laion2b_s34b_b79k").activation == "gelu"


def test_an_architecture_of_ones_own(tmp_path: Path) -> None:
    file = safetensors(tmp_path / "w.safetensors")
    (tmp_path / "mine.json").write_text(json.dumps(TINY_CLIP))
    assert settled(str(tmp_path / "mine.json"), file) == Settled(
        "gelu", ActivationSource.ARCHITECTURE, "", "gelu"
    )  # there is no twin
    (tmp_path / "mine.json").write_text(json.dumps({**TINY_CLIP, "quick_gelu": True}))
    assert settled(str(tmp_path / "mine.json"), file) == Settled("quickgelu", ActivationSource.ARCHITECTURE, "", "quickgelu")


def test_folders_say_it_themselves(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip", "vision_config": {}}))
    assert settled("", tmp_path).activation == "quickgelu"  # what transformers takes where nothing is told
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip", "vision_config": {"hidden_act": "gelu"}}))
    assert settled("", tmp_path).activation == "gelu"
    assert settled("", tmp_path, "quickgelu") == Settled(
        "quickgelu", ActivationSource.ASKED, str(tmp_path / "config.json"), "gelu"
    )


@pytest.mark.parametrize(
    ("model", "name", "message"),
    [
        (
            PLAIN,
            "openai.pt",
            "of ViT-B-32 is QuickGELU, as the name of openai.pt says; activation=gelu takes GELU",
        ),
        (PLAIN, "laion2b.pt", "the activation of ViT-B-32 is GELU, as the name of laion2b.pt says"),
        (
            PLAIN,
            "w.pt",
            "nothing says which activation .*w.pt were trained with.* GELU is taken. Give activation=gelu",
        ),
        (TWIN, "laion2b.pt", "is QuickGELU, as the name of the architecture .* although the name of laion2b.pt says GELU"),
        (TWIN, "w.pt", ""),
        (TWIN, "openai.pt", ""),
    ],
)
def test_what_is_said(tmp_path: Path, model: str, name: str, message: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"weights")
    said = choice_message("clip_probe", model, str(file), settled(model, file))
    assert bool(said) == bool(message)
    assert re.search(message, said)
    assert choice_message("clip_probe", model, str(file), settled(model, file, "gelu")) == ""


def test_published_weights_under_the_plain_name_are_said() -> None:
    said = choice_message("clip_probe", PLAIN, "openai", settled(PLAIN, "openai"))
    assert "the activation of ViT-B-32 is QuickGELU, with which the weights openai were trained; activation=gelu takes" in said
    assert choice_message("clip_probe", TWIN, "openai", settled(TWIN, "openai")) == ""


def test_paths_and_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openai").mkdir()
    monkeypatch.chdir(tmp_path)
    assert all(map(is_place, ("./openai", "~/clip", "b32.pt", "/models/clip")))
    assert not any(map(is_place, ("openai", "laion2b_s34b_b79k")))
    assert settled(PLAIN, "openai").source is ActivationSource.PUBLISHED  # whatever lies about
    monkeypatch.setenv("HOME", str(tmp_path))
    safetensors(tmp_path / "openai.safetensors")
    assert settled(PLAIN, "~/openai.safetensors").source is ActivationSource.FILE_NAME
