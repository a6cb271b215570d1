"""Names of domains: what they stand for, and what is said of those that stand for nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.catalogue import Catalogue, OpenDomain
from bandbench.benchmark.engine import make_plan
from bandbench.benchmark.errors import DataError, StudyError
from conftest import small_study

Maker = Callable[..., Path]
VARIANTS = ["zeroinsert", "nearest", "bilinear", "blend", "planted"]


def test_a_data_set_stands_for_its_domains() -> None:
    assert Catalogue().expand(["procedural"]) == [f"procedural/{v}" for v in VARIANTS]
    assert Catalogue().expand(["procedural/planted", "procedural/planted"]) == ["procedural/planted"]


def test_a_perturbed_data_set_stands_for_its_perturbed_domains() -> None:
    found = Catalogue().expand(["procedural+jpeg:quality=50"])
    assert found == [f"procedural/{v}+jpeg:quality=50" for v in VARIANTS]


def test_default_strengths_are_told_and_equal_names_are_one() -> None:
    assert Catalogue().expand(["procedural/planted+noise", "procedural/planted+noise:sd=10.0"]) == [
        "procedural/planted+noise:sd=10"
    ]
    chained = "procedural/planted+jpeg:quality=70+noise:sd=5"
    assert Catalogue().expand([chained]) == [chained]


def test_a_folder_is_one_domain_perturbed_or_not(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder())})
    assert catalogue.expand(["mine", "mine+blur"]) == ["mine", "mine+blur:sigma=1.5"]
    assert catalogue.spec("mine+blur:sigma=1.5") == catalogue.spec("mine")
    with pytest.raises(DataError, match="write 'mine', not 'mine/a'"):
        catalogue.expand(["mine/a+blur"])


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("procedural+jpg", StudyError, "unknown perturbation 'jpg'. Did you mean 'jpeg'"),
        (
            "procedural/planted+jpeg:qality=5",
            StudyError,
            "parameter of perturbation jpeg 'qality'. Did you mean 'quality'",
        ),
        ("procedural/planted+", StudyError, "unknown perturbation ''"),
        ("procedurl+jpeg", DataError, "unknown data set 'procedurl'. Did you mean 'procedural'"),
        ("procedural/plantd+jpeg", DataError, "unknown domain of procedural 'plantd'. Did you mean 'planted'"),
    ],
)
def test_mistakes(name: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Catalogue().expand([name])


def test_perturbed_pictures_are_the_same_items(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder())})
    plain, perturbed = (OpenDomain(name, catalogue.spec(name), 0, 0) for name in ("mine", "mine+noise:sd=10"))
    assert list(perturbed.items) == list(plain.items)
    assert (plain.perturbation, perturbed.perturbation) == ("", "noise:sd=10")
    assert OpenDomain("mine+blur:sigma=1", catalogue.spec("mine"), 0, 0, plain).items is plain.items


def test_a_study_crosses_test_domains_with_perturbations(picture_folder: Maker) -> None:
    study = small_study(test=["mine", "procedural/blend"], perturbations=["noise", "jpeg:quality=70+noise:sd=5"])
    plan = make_plan(study, Catalogue({"mine": str(picture_folder())}))
    assert plan.study.train == ("mine",)
    assert plan.study.test == (
        "mine",
        "procedural/blend",
        "mine+noise:sd=10",
        "mine+jpeg:quality=70+noise:sd=5",
        "procedural/blend+noise:sd=10",
        "procedural/blend+jpeg:quality=70+noise:sd=5",
    )
    assert make_plan(plan.study, Catalogue({"mine": str(picture_folder("again"))})).study == plan.study
