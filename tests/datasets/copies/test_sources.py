"""Sources become items: splits by rule, preparations found from the root, clips that were not prepared."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.contracts import SPLITS
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.draw import draw_source_splits
from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Tree, Trouble
from conftest import noise_picture


def still(name: str, **facts: object) -> Source:
    return Source(name, "still", int("fake" in name), ("",), **facts)  # type: ignore[arg-type]


def swaps(pairs: Sequence[tuple[str, str]]) -> list[Source]:
    """A real of everybody and a fake of every (target, donor)."""
    people = sorted({name for pair in pairs for name in pair})
    return [still(f"real{p}", target=p) for p in people] + [still(f"fake{a}{b}", target=a, donor=b) for a, b in pairs]


CLOSED = swaps([pair for i in range(0, 30, 2) for pair in ((f"{i}", f"{i + 1}"), (f"{i + 1}", f"{i}"))])
LINKED = swaps([(f"{i}", f"{(i + k) % 20}") for i in range(20) for k in (1, 3, 7)])


@pytest.mark.parametrize(("sources", "draw"), [(CLOSED, "components"), (LINKED, "identities")])
def test_drawn_splits_share_nobody(sources: list[Source], draw: str) -> None:
    drawn = [s for s in draw_source_splits(sources, draw, 0, 0) if s.split]
    by_split = {split: [s.item(s.id) for s in drawn if s.split == split] for split in SPLITS}
    assert all({item.label for item in items} == {0, 1} for items in by_split.values())
    check_no_leak("train and val", by_split["train"], by_split["val"])
    check_no_leak("train and test", by_split["train"] + by_split["val"], by_split["test"])


def test_linked_identities_cost_the_sources_between_the_sides() -> None:
    left_out = [s for s in draw_source_splits(LINKED, "identities", 0, 0) if not s.split]
    assert left_out and all(s.donor for s in left_out)
    assert not [s for s in draw_source_splits(CLOSED, "components", 0, 0) if not s.split]


def test_shares_and_what_they_depend_on() -> None:
    sources = [still(f"{c}{i}", video=f"{c}{i}") for c in ("real", "fake") for i in range(50)]
    counts = Counter((s.split, s.label) for s in draw_source_splits(sources, "components", 0, 0))
    assert counts == {(split, label): n for split, n in (("train", 30), ("val", 10), ("test", 10)) for label in (0, 1)}

    def chosen(split: str, seed: int, replicate: int, order: int = 1) -> set[str]:
        return {s.id for s in draw_source_splits(sources[::order], "components", seed, replicate) if s.split == split}

    assert chosen("test", 0, 0) == chosen("test", 0, 1) == chosen("test", 0, 0, order=-1) != chosen("test", 1, 0)
    assert chosen("val", 0, 0) == chosen("val", 0, 0, order=-1) != chosen("val", 0, 1)


def test_what_is_distributed_with_a_test_list_gets_no_further_test() -> None:
    given = [still("fake0", split="test"), still("real0", split="test"), still("real9", split="")]
    drawn = draw_source_splits([*given, *[still(f"{c}{i}") for c in ("real", "fake") for i in range(1, 9)]], "components", 0, 0)
    assert {s.id for s in drawn if s.split == "test"} == {"fake0", "real0"}
    assert {s.split for s in drawn} == {"train", "val", "test", ""}


def test_a_survey_survives_its_manifest() -> None:
    survey = Survey((still("real1", target="a"),), ("c40",), (Trouble("x", "unknown", "what"),), ("note",))
    assert Survey.from_dict(survey.as_dict()) == survey


class Stills(SourceDataset):
    """Pictures whose first letter tells the class."""

    name = "stills"
    what = "pictures called r* and f*"

    def survey(self, tree: Tree) -> Survey:
        files = tree.files("", (".png", ".mp4"), deep=True)
        kinds = {".png": "still", ".mp4": "clip"}
        return Survey(tuple(Source(f, kinds[f[-4:]], int(f.startswith("f")), ("",)) for f in files))  # type: ignore[arg-type]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    for i in range(20):
        Image.fromarray(noise_picture(i)).save(tmp_path / "set" / f"{'rf'[i % 2]}{i}.png")
    return tmp_path / "set"


def test_stills_are_items_as_they_are(pictures: Path) -> None:
    dataset = Stills(pictures)
    items = dataset.items("")
    assert Counter(i.split for i in items) == {"train": 12, "val": 4, "test": 4}
    assert dataset.read(items[0]) == (pictures / items[0].id).read_bytes()
    other = dataset.for_replicate(1)
    assert {i.id for i in other.items("") if i.split == "test"} == {i.id for i in items if i.split == "test"}
    assert other.items("") != items and dataset.items("") == items


def test_clips_ask_to_be_prepared(pictures: Path) -> None:
    (pictures / "f99.mp4").write_bytes(b"")
    with pytest.raises(DataError, match=f"f99.mp4.*bench data prepare stills --root {pictures}"):
        Stills(pictures).items("")


def test_an_empty_or_absent_root_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        Stills(tmp_path / "nowhere").items("")
    with pytest.raises(DataError, match="holds nothing of pictures called"):
        Stills(tmp_path).items("")
    with pytest.raises((DataError, OSError)):
        Stills(tmp_path).read_still("../x")
