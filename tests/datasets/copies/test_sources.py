"""Sources become items, clips ask to be prepared, and parameters of an adapter are fields."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError, PluginError
from bandbench.benchmark.registry import check_parameters, datasets
from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Tree
from conftest import noise_picture


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


# --- adapters are data -----------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Coloured(Stills):
    """A parameter of its own, declared as a field."""

    name = "coloured"
    may_be_shown = True

    colour: Literal["red", "blue"] = "red"


def test_a_field_is_a_parameter_after_the_shared_ones() -> None:
    shared = {"root": None, "seed": 0, "replicate": 0, "follow_links": False}
    assert Coloured.parameter_defaults() == {**shared, "colour": "red"}
    assert list(Coloured.parameter_defaults()) == [*shared, "colour"]
    dataset = Coloured(Path("x"), 3, 1, colour="blue")
    assert dataset.parameters() == {"root": Path("x"), "seed": 3, "replicate": 1, "follow_links": False, "colour": "blue"}
    assert repr(dataset) == f"Coloured(root={Path('x')!r}, seed=3, replicate=1, follow_links=False, colour='blue')"
    assert dataset.survey_options() == {"colour": "blue"}


def test_a_field_has_a_type_against_which_values_are_held() -> None:
    check_parameters(Coloured, {"colour": "blue", "seed": 1}, "data set coloured")
    with pytest.raises(PluginError, match="parameter colour of data set coloured should be 'red' or 'blue', got 'green'"):
        check_parameters(Coloured, {"colour": "green"}, "data set coloured")
    with pytest.raises(PluginError, match="unknown parameter of data set coloured 'color'. Did you mean 'colour'"):
        check_parameters(Coloured, {"color": "red"}, "data set coloured")


def test_facts_that_a_class_sets_are_no_parameters() -> None:
    dataset = Coloured()
    assert dataset.may_be_shown and not Stills().may_be_shown
    dataset.alias = "mine"
    assert (dataset.alias, Coloured().alias) == ("mine", "")
    assert dataset != Coloured() and len({dataset, Coloured()}) == 2


@pytest.mark.parametrize("name", datasets.names())
def test_every_adapter_stores_its_parameters_under_their_names(name: str) -> None:
    plugin = datasets.get(name)
    values = {parameter: object() for parameter in plugin.parameter_defaults()}
    assert list(values)[:3] == ["root", "seed", "replicate"]
    assert plugin(**values).parameters() == values
