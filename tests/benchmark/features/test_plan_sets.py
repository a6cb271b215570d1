"""Item sets of a plan: copies of training pictures are refused under whatever name."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features import plan_sets
from bandbench.benchmark.features.plan_sets import prepare_sets
from bandbench.benchmark.features.prepare import (
    Request,
    prepare_domains,
    scratch_places,
)
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.results.scores import OK, Reason
from bandbench.benchmark.search.plan import make_plan
from conftest import Here, SilentReporter, small_study

Maker = Callable[..., Path]


def test_copies_of_training_pictures_are_not_scored_under_whatever_name(picture_folder: Maker) -> None:
    home, away = picture_folder("home_pictures"), picture_folder("away_pictures", first_seed=50)
    catalogue = Catalogue({"mine": str(home), "other": str(away)})
    trained, validated = (catalogue.domain("mine", 0).split(split)[0] for split in ("train", "val"))
    replaced = catalogue.domain("other", 0).split("test")[:2]
    for item, copy in zip((trained, validated), replaced, strict=True):
        shutil.copy(home / item.id, away / copy.id)
    plan = make_plan(small_study(test=["mine", "other"]), catalogue)
    with scratch_places() as places:
        sets = prepare_sets(plan, places, Here(1), SilentReporter()).sets
    assert set(sets) == {("mine", "train", 0), ("mine", "val", 0), ("mine", "test", 0), ("other", "test", 0)}
    assert {problem[0]: problem[2] for problem in sets["other", "test", 0].problems} == {
        copy.id: "the same picture is among the training or validation pictures of mine." for copy in replaced
    }
    assert not sets["mine", "train", 0].problems
    assert not sets["mine", "test", 0].problems


def test_a_copy_among_training_and_validation_pictures_is_not_validated_on(picture_folder: Maker) -> None:
    root = picture_folder(n=12)
    domain = Catalogue({"mine": str(root)}).domain("mine", 0)
    shutil.copy(root / domain.split("train")[0].id, root / domain.split("val")[0].id)
    with scratch_places() as places:
        (part,) = prepare_domains([Request(domain)], CropSpec(48), [ViewSpec("profile")], places, Here(1), SilentReporter())
        refused = plan_sets._without_copies({("mine", split, 0): part.statuses(split) for split in ("train", "val", "test")})
    assert [status.reason for status in refused["mine", "val", 0].statuses if status != OK] == [Reason.SEEN]
    assert set(refused["mine", "train", 0].statuses) == {OK}


def test_a_test_domain_without_a_usable_picture_is_left_out(picture_folder: Maker) -> None:
    home, away = picture_folder("home_pictures"), picture_folder("away_pictures", first_seed=50)
    plan = make_plan(small_study(test=["mine", "other"]), Catalogue({"mine": str(home), "other": str(away)}))
    for path in (away / "fake").iterdir():
        path.write_bytes(b"torn")
    with scratch_places() as places:
        prepared = prepare_sets(plan, places, Here(1), SilentReporter())
        assert set(prepared.sets) == {("mine", "train", 0), ("mine", "val", 0), ("mine", "test", 0)}
        assert prepared.plan.study.test == ("mine",)
        assert "other: no usable fake picture in test" in prepared.plan.unusable["other"]
        alone = make_plan(small_study(test=["other"]), Catalogue({"mine": str(home), "other": str(away)}))
        with pytest.raises(DataError, match="other: no usable fake picture in test"):
            prepare_sets(alone, places, Here(1), SilentReporter())
