"""Names of domains: what they stand for, and what is said of those that stand for nothing."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bandbench.benchmark.contracts import Dataset, Item
from bandbench.benchmark.domains.catalogue import Catalogue, DatasetSpec, OpenDomain
from bandbench.benchmark.errors import BenchWarning, DataError, PluginError, StudyError
from bandbench.benchmark.search.plan import make_plan
from bandbench.datasets.ffpp import FFPP
from conftest import small_study
from trees.video_trees import make_ffpp
from trees.video_trees import prepare_without_pictures as prepare

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


# --- whole data sets of which a copy is partial ------------------------------------------------------------------------


def test_of_a_whole_data_set_what_can_be_used_is_taken() -> None:
    def lacks(name: str) -> str:
        if name == "procedural/blend":
            raise DataError("it was not prepared.")
        return "test has no fake" if name.startswith("procedural/nearest") else ""

    found = Catalogue().choose(["procedural", "procedural/planted"], 0, lacks)
    assert found.domains == [f"procedural/{v}" for v in VARIANTS if v not in ("nearest", "blend")]
    assert found.left_out == {"procedural/nearest": "test has no fake", "procedural/blend": "it was not prepared."}


def test_what_is_named_itself_is_not_left_out() -> None:
    found = Catalogue().choose(["procedural", "procedural/blend"], 0, lambda name: "no" if name.endswith("blend") else "")
    assert "procedural/blend" in found.domains
    assert not found.left_out


def test_a_data_set_of_which_nothing_can_be_used_is_refused() -> None:
    with pytest.raises(DataError, match="none of the 5 domains .* can be used here. procedural/zeroinsert: no clips"):
        Catalogue().choose(["procedural"], 0, lambda name: "no clips")


def test_a_run_uses_what_a_partial_copy_has(tmp_path: Path) -> None:
    root = make_ffpp(tmp_path / "ffpp", empty=True)
    pairs = {*(root / "manipulated_sequences/FaceSwap/c23/videos").iterdir()}
    for path in pairs - {p for p in pairs if p.stem in ("953_974", "974_953")}:  # of FaceSwap a test pair alone
        path.unlink()
    prepare(FFPP(root), tmp_path / "out")
    study = small_study(train=["ffpp"], test=["ffpp"])
    plan = make_plan(study, Catalogue({"ffpp": str(root)}))
    assert plan.study.train == ("ffpp/Deepfakes@c23",)
    assert plan.study.test == ("ffpp/Deepfakes@c23", "ffpp/FaceSwap@c23")
    assert list(plan.unusable) == ["ffpp/FaceSwap@c23"]
    with pytest.raises(DataError, match="ffpp/FaceSwap@c23 cannot be used here: train has no fake"):
        make_plan(small_study(train=["ffpp/FaceSwap@c23"], test=["ffpp"]), Catalogue({"ffpp": str(root)}))


def test_domains_that_were_not_prepared_are_left_out(tmp_path: Path) -> None:
    root = make_ffpp(tmp_path / "ffpp", empty=True)
    prepare(FFPP(root), tmp_path / "out", left=lambda source: source.generator == "FaceSwap")
    catalogue = Catalogue({"ffpp": str(root)})
    plan = make_plan(small_study(train=["ffpp/Deepfakes"], test=["ffpp"]), catalogue)
    assert plan.study.test == ("ffpp/Deepfakes@c23",)
    assert plan.unusable == {"ffpp/FaceSwap@c23": "test has no fake"}


class Listed(Dataset):
    """A data set that lists what a test tells it to."""

    name = "listed"
    entries: ClassVar[list[Any]] = []

    def variants(self) -> tuple[str, ...]:
        return ("",)

    def items(self, variant: str) -> list[Any]:
        if not self.entries:
            raise ZeroDivisionError("nothing")
        return self.entries

    def read(self, item: Item) -> bytes:
        return b""


def listed_items(monkeypatch: pytest.MonkeyPatch, entries: list[Any]) -> Sequence[Item]:
    monkeypatch.setattr(Listed, "entries", entries)
    return OpenDomain("listed", DatasetSpec("listed"), 0, 0, dataset=Listed()).items


GOOD = [Item(f"{i}", i % 2, "train") for i in range(8)]


class Odd(Dataset):
    """A data set whose parts a test makes fail."""

    name = "odd"

    def items(self, variant: str) -> list[Item]:
        return []

    def read(self, item: Item) -> bytes:
        return b""


@pytest.mark.parametrize("raised", [ZeroDivisionError("torn"), SystemExit("torn")])
def test_a_data_set_that_fails_is_an_error_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    text = f"odd: its data set failed: {type(raised).__name__}: torn"
    catalogue = Catalogue({f"{__file__}:Odd": str(tmp_path)})
    plugin = type(catalogue.open("odd", 0))
    monkeypatch.setattr(plugin, "variants", fail)
    with pytest.raises(PluginError, match=text):
        catalogue.expand(["odd"])
    monkeypatch.setattr(plugin, "variants", lambda self: "ab")
    with pytest.raises(PluginError, match=r"odd: variants\(\) returns a tuple of texts, got 'ab'"):
        catalogue.expand(["odd"])
    monkeypatch.setattr(plugin, "__init__", fail)
    with pytest.raises(PluginError, match=text):
        Catalogue({f"{__file__}:Odd": str(tmp_path)}).open("odd", 0)


@pytest.mark.parametrize(
    ("odd", "fault"),
    [
        (None, "a NoneType in the place of an Item"),
        (Item(5, 0, "train"), "an id that is no text: 5"),  # pyright: ignore[reportArgumentType]
        (Item("x", math.nan, "train"), "x: label nan, wanted 0 or 1"),  # pyright: ignore[reportArgumentType]
        (Item("x", 0, "later"), "x: split 'later', wanted train, val, test"),  # pyright: ignore[reportArgumentType]
        (Item("x\udcff", 0, "train"), "'x.*udcff': half of a surrogate pair, .* cannot be kept"),
        (Item("x", 0, "train", video="y" * 5000), "x: a text of 5,000 characters, more than 4,096"),
        (Item("x", 0, "train", target=3), "x: an identity, clip or group that is no text"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_what_is_no_item_is_left_out(monkeypatch: pytest.MonkeyPatch, odd: Any, fault: str) -> None:
    with pytest.warns(BenchWarning, match=f"listed: 1 of 9 items are none \\({fault}\\); they are left out"):
        assert listed_items(monkeypatch, [*GOOD, odd]) == GOOD


def test_a_list_that_is_mostly_wrong_or_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PluginError, match="listed: 9 of 17 items are none .*correct items"):
        listed_items(monkeypatch, [*GOOD, *[None] * 9])
    with pytest.raises(PluginError, match="its items cannot be listed: items failed: ZeroDivisionError: nothing"):
        listed_items(monkeypatch, [])
