"""Checks before a preparation starts: merged settings, weights, sources and the folder of the crops."""

import hashlib
from pathlib import Path

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.prepared import MANIFEST, Preparation, default_folder
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Tree
from bandbench.datasets.faces.request import checked_folder, checked_survey, choose_sources, merge_settings, with_weights
from trees.small_clips import FRAMES, Clips, prepared


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Files with the names of clips in two domains; nothing here decodes them."""
    for place in ("a/real/r0.mp4", "a/fake/f0.mp4", "b@c23/real/r1.mp4", "b@c40/fake/f1.mp4"):
        path = tmp_path / "root" / place
        path.parent.mkdir(parents=True)
        path.write_bytes(b"clip")
    return tmp_path / "root"


def test_settings_come_from_the_user_then_the_data_set_then_the_defaults() -> None:
    dataset = Clips()
    assert merge_settings(dataset, {}) == Settings(frames=FRAMES, faces="none")
    assert merge_settings(dataset, {"frames": None, "faces": "haar"}) == Settings(frames=FRAMES)
    assert merge_settings(dataset, {"every": 5}) == Settings(frames=0, every=5, faces="none")
    with pytest.raises(DataError, match="one of the two"):
        merge_settings(dataset, {"every": 5, "frames": 2})


def test_a_count_of_the_user_replaces_a_step_of_the_data_set() -> None:
    class Stepped(Clips):
        preparation = {"every": 10}

    assert merge_settings(Stepped(), {}) == Settings(frames=0, every=10)
    assert merge_settings(Stepped(), {"frames": 8}) == Settings(frames=8)


def test_the_digest_of_the_weights_joins_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "weights.onnx"
    path.write_bytes(b"network")
    settings = Settings(faces="yunet")
    assert with_weights(settings, None) is settings
    assert with_weights(settings, path).weights == hashlib.sha256(b"network").hexdigest()
    assert with_weights(settings, path).digest != settings.digest


def test_weights_that_are_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").write_bytes(b"no network")
    for name, weights, message in (
        ("haar", "weights.onnx", "takes no weights"),
        ("yunet", "nowhere.onnx", "cannot read the weights .*nowhere.onnx .No such file or directory.; check the path"),
        ("yunet", "weights.onnx", "no ONNX file"),
    ):
        with pytest.raises(DataError, match=message):
            prepared(root, faces=name, weights=tmp_path / weights)


def test_a_prepared_folder_is_no_root(root: Path, tmp_path: Path) -> None:
    dataset = Clips(root)
    Preparation.create(tmp_path / "out", dataset.origin, 1, Settings(), Survey(()).as_dict())
    with pytest.raises(DataError, match=f"crops of clips already; give the folder that they were made from .{root}"):
        checked_survey(Clips(tmp_path / "out"))


def test_a_source_inside_of_another_one_is_a_mistake_of_the_adapter(root: Path) -> None:
    class Nested(Clips):
        def survey(self, tree: Tree) -> Survey:
            return Survey((Source("a/real", "frames", 0, ("",)), Source("a/real/r0.mp4", "clip", 0, ("",))))

    with pytest.raises(DataError, match="adapter of clips lists a/real and also a/real/r0.mp4, which lies in it"):
        checked_survey(Nested(root))


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        ((), ["a/fake/f0.mp4", "a/real/r0.mp4", "b@c23/real/r1.mp4", "b@c40/fake/f1.mp4"]),
        (("a",), ["a/fake/f0.mp4", "a/real/r0.mp4"]),
        (("clips/a", "a"), ["a/fake/f0.mp4", "a/real/r0.mp4"]),
        (("b@c23",), ["b@c23/real/r1.mp4"]),
        (("@c40", "a"), ["a/fake/f0.mp4", "a/real/r0.mp4", "b@c40/fake/f1.mp4"]),
    ],
)
def test_the_sources_of_the_named_domains(root: Path, domains: tuple[str, ...], expected: list[str]) -> None:
    dataset = Clips(root)
    assert [source.id for source in choose_sources(dataset, checked_survey(dataset), domains)] == expected


def test_an_unknown_domain_is_named_with_the_known_ones(root: Path) -> None:
    dataset = Clips(root)
    with pytest.raises(DataError, match="unknown domain of clips 'c'.*Known: a, b@c23, b@c40"):
        choose_sources(dataset, checked_survey(dataset), ("c",))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("root/crops", "one inside the other"),
        (".", "one inside the other"),
        ("full", "holds something else already"),
        ("file", "holds something else already"),
        ("file/below", "cannot write to"),
    ],
)
def test_places_where_crops_may_not_go(root: Path, tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=message):
        prepared(root, tmp_path / place)
    assert not list(root.glob(f"**/{MANIFEST}"))


def test_without_a_folder_the_default_one_is_taken(root: Path, tmp_path: Path) -> None:
    dataset, settings = Clips(root), Settings()
    assert checked_folder(dataset, settings, None) == default_folder(dataset.origin, settings).absolute()
    assert checked_folder(dataset, settings, tmp_path / "new") == tmp_path / "new"
    assert not (tmp_path / "new").exists(), "a check leaves nothing"


def test_a_link_into_the_root_is_seen_through(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root / "a")
    with pytest.raises(DataError, match="one inside the other"):
        checked_folder(Clips(root), Settings(), tmp_path / "link" / "crops")
