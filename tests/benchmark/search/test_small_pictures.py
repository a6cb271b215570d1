"""Pictures that are smaller than the crop are found before a run."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.records import Plan
from bandbench.benchmark.reporting import Silence
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.small_pictures import SmallPictures, small_pictures
from conftest import small_study


def planned(folder: Path) -> Plan:
    return make_plan(small_study(test=["mine"]), Catalogue({"mine": str(folder)}, {}))


def test_a_plan_counts_them_and_names_the_crop_that_takes_all(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder(n=20)
    for name in ("real", "fake"):
        path = sorted((folder / name).iterdir())[0]
        with Image.open(path) as picture:
            picture.resize((40, 30)).save(path)
    (found,) = small_pictures(planned(folder), Silence())
    assert (found.domain, found.n, found.n_read, found.n_items, found.smallest) == ("mine", 2, 40, 40, 30)
    assert found.sentence(64) == (
        "mine: 2 of 40 pictures are smaller than the crop of 64x64 and would have no score; --crop 30 takes all of them."
    )


def test_pictures_that_are_large_enough_are_not_mentioned(picture_folder: Callable[..., Path]) -> None:
    assert small_pictures(planned(picture_folder(n=20)), Silence()) == []


def test_a_sample_says_that_it_is_one() -> None:
    text = SmallPictures("big", 5, 2000, 100_000, 96).sentence(128)
    assert text.startswith("big: 5 of 2,000 pictures that were looked at are smaller")
