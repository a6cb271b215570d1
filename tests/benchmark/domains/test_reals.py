"""Sources of reals: data sets, domains and folders by the names that a study gives them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import REAL
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.names import REALS
from bandbench.benchmark.domains.reals import open_source, source_name
from bandbench.benchmark.errors import DataError, StudyError

SMALL = {"procedural": {"n_train": 4, "n_val": 4, "n_test": 6, "side": 32}}


def folder_of(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(root / name)
    return root


def test_a_data_set_gives_the_test_reals_of_all_its_domains_once() -> None:
    source = open_source("procedural", Catalogue(options=SMALL), 0)
    assert [item.id for item in source.items] == [f"real/test/{i:05d}" for i in range(6)]
    assert {(item.label, item.split) for item in source.items} == {(REAL, REALS)}
    assert source.split(REALS) == list(source.items)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("procedural", "procedural"),
        ("procedural/blend", "procedural/blend"),
        ("procedural/blend+jpeg:quality=30", "procedural/blend+jpeg:quality=30"),
        ("procedural+noise", "procedural+noise:sd=10"),
    ],
)
def test_a_known_name_stays_and_its_perturbation_is_told_in_full(given: str, name: str) -> None:
    catalogue = Catalogue(options=SMALL)
    assert source_name(given, catalogue) == name
    assert len(open_source(name, catalogue, 0).items) == 6


@pytest.mark.parametrize("chain", ["match_spectrum", "jpeg+phase_only"])
def test_a_source_has_no_spectrum_of_its_own_to_be_set_to(chain: str) -> None:
    message = "takes the mean spectrum of the training reals of each domain, .* name procedural/blend without it"
    with pytest.raises(StudyError, match=message):
        source_name(f"procedural/blend+{chain}", Catalogue(options=SMALL))


def test_a_folder_is_called_after_itself_and_none_of_its_fakes_is_used(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "My reals", "real/b.png", "real/a.png", "fake/c.png")
    catalogue = Catalogue()
    name = source_name(str(root), catalogue)
    assert name == "My-reals"
    assert [item.id for item in open_source(name, catalogue, 0).items] == ["real/a.png", "real/b.png"]
    assert source_name(str(root / "real"), Catalogue()) == "My-reals"


def test_two_folders_of_one_name_are_told_apart_by_the_folders_above(tmp_path: Path) -> None:
    roots = [folder_of(tmp_path / part / "faces", "a.png") for part in ("one", "two")]
    catalogue = Catalogue()
    assert [source_name(str(root), catalogue) for root in roots] == ["faces", "two-faces"]
    assert source_name(str(roots[0]), catalogue) == "faces"


def test_the_folder_of_a_data_set_is_that_data_set_whose_training_pictures_are_no_test_reals(tmp_path: Path) -> None:
    names = [f"{label}/{chr(97 + i)}x.png" for label in ("real", "fake") for i in range(20)]
    root = folder_of(tmp_path / "pictures", *names)
    catalogue = Catalogue({"mine": str(root)})
    assert source_name(str(root), catalogue) == "mine"
    source, domain = open_source("mine", catalogue, 0), catalogue.domain("mine", 0)
    assert {item.id for item in source.items} == {i.id for i in domain.items if (i.split, i.label) == ("test", REAL)}
    assert len(source.items) == 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("./nowhere", "reals: there is no folder"),
        ("celeba", "data set 'celeba' needs a folder: --data celeba=DIR"),
        ("proceduraal", "Did you mean 'procedural'"),
    ],
)
def test_what_is_neither_a_data_set_nor_a_folder_is_refused(given: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        source_name(given, Catalogue())


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    catalogue = Catalogue()
    name = source_name(str(tmp_path), catalogue)
    with pytest.raises(DataError, match="does not hold real pictures; found: nothing"):
        open_source(name, catalogue, 0)
