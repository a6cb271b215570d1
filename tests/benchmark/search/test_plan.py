"""The plan of a study: names are resolved, and leaks and missing classes are refused before any picture is read."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import Catalogue, DatasetSpec, OpenDomain
from bandbench.benchmark.errors import DataError, PluginError, StudyError
from bandbench.benchmark.records import Plan
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.search.plan import learn_from_reals, make_plan, reals_suffice
from conftest import small_study

SPLITS = ("train", "val", "test")


class Listing:
    """A data set that lists the items it was made with."""

    classes = ("real", "fake")

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items

    def items(self, _variant: str) -> Sequence[Item]:
        return self._items

    def regrouping(self) -> str:
        return ""

    def facts(self) -> dict[str, Any]:
        return {}


class Shelf(Catalogue):
    """A catalogue of domains made by hand; every one of them is a data set."""

    def __init__(self, domains: dict[str, Sequence[Item]]) -> None:
        self._listed = domains
        self.opened: list[tuple[str, int]] = []

    def open(self, domain: str, seed: int, replicate: int = 0) -> Any:
        """Return a data set that knows no release dates."""
        return SimpleNamespace(released=lambda part: "")

    def expand(self, names: Any, seed: int = 0) -> list[str]:
        return list(names)

    def domain(
        self, name: str, seed: int, replicate: int = 0, plain: OpenDomain | None = None, any_split: bool = False
    ) -> OpenDomain:
        self.opened.append((name, replicate))
        listed = Listing(self._listed[name.partition("+")[0]])
        return OpenDomain(name, DatasetSpec(name.partition("+")[0]), seed, replicate, plain, listed)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell data sets apart by their references, as these are not registered."""
    monkeypatch.setattr(DatasetSpec, "key_parts", lambda self: {"name": self.reference})


def pictures(people: str, labels: Sequence[int] = (0, 1), splits: Sequence[str] = SPLITS) -> list[Item]:
    """One picture of each class in each split; `people` makes their identities."""
    return [
        Item(f"{split}/{label}", label, split, target=f"{people} {split} {label}")  # type: ignore[arg-type]
        for split in splits
        for label in labels
    ]


def plan(domains: dict[str, Sequence[Item]], **changes: Any) -> Plan:
    return make_plan(small_study(**({"train": ["home"], "test": ["home", "away"]} | changes)), Shelf(domains))


BOTH: dict[str, Sequence[Item]] = {"home": pictures("a"), "away": pictures("b")}


def test_every_domain_of_every_draw_is_in_the_plan() -> None:
    made = plan(BOTH, seeds=2)
    assert sorted(made.domains) == [("away", 0), ("away", 1), ("home", 0), ("home", 1)]
    assert [spec.label for spec in made.detectors] == ["spectral_svm"]
    assert (made.dropped, made.left_out, made.unusable, made.facts) == ({}, {}, {}, {})


def test_every_test_domain_is_tested_under_every_perturbation_and_lists_its_items_once() -> None:
    made = plan(BOTH, perturbations=["blur:sigma=1"])
    assert made.study.test == ("home", "away", "home+blur:sigma=1", "away+blur:sigma=1")
    assert made.study.perturbations == ()
    assert made.domains["away+blur:sigma=1", 0].items is made.domains["away", 0].items


def test_a_domain_is_opened_once_for_each_draw() -> None:
    shelf = Shelf(BOTH)
    make_plan(small_study(train=["home"], test=["home", "away"], seeds=2), shelf)
    assert sorted(shelf.opened) == [("away", 0), ("away", 1), ("home", 0), ("home", 1)]


def test_a_detector_that_is_named_twice_is_refused() -> None:
    with pytest.raises(StudyError, match="detector 'spectral_svm' is named twice"):
        plan(BOTH, detectors=["spectral_svm", "dct_ridge", "spectral_svm"])
    assert len(plan(BOTH, detectors=["spectral_svm", {"name": "spectral_svm", "params": {"C": 3.0}}]).detectors) == 2


def test_an_unknown_parameter_of_a_detector_is_refused() -> None:
    with pytest.raises(PluginError, match="nonsense"):
        plan(BOTH, detectors=[{"name": "spectral_svm", "params": {"nonsense": 3}}])


def test_an_optional_detector_that_lacks_its_extra_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bandbench.benchmark.search.plan.missing_extra", lambda name: "extra gbm" if name == "spectral_lgbm" else ""
    )
    detectors = ["spectral_svm", {"name": "spectral_lgbm", "optional": True}]
    made = plan(BOTH, detectors=detectors)
    assert ([spec.label for spec in made.detectors], made.left_out) == (["spectral_svm"], {"spectral_lgbm": "extra gbm"})


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ({"home": pictures("a", labels=[0])}, "home cannot be used here: train has no fake, val has no fake"),
        ({"home": [*pictures("a", splits=("train", "test"))]}, "home cannot be used here: val has no real, val has no fake"),
        ({"away": pictures("b", labels=[1], splits=["test"])}, "away cannot be used here: test has no real"),
    ],
)
def test_a_domain_that_lacks_a_class_is_refused(domains: dict[str, Sequence[Item]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        plan(BOTH | domains)


def test_a_test_domain_needs_no_training_pictures() -> None:
    assert ("away", 0) in plan(BOTH | {"away": pictures("b", splits=["test"])}).domains


def test_a_perturbation_that_takes_training_reals_is_refused_where_there_are_none() -> None:
    domains = {"mine": pictures("abc"), "scored": pictures("def", splits=("test",))}
    with pytest.raises(DataError, match=r"scored\+match_spectrum: .* no real picture in its training split"):
        plan(domains, train=["mine"], test=["scored"], perturbations=["match_spectrum"])


def leaking() -> dict[str, Sequence[Item]]:
    """A person of the test split of ``home`` is in two training pictures, too."""
    person = {"target": "a test 0"}
    return BOTH | {"home": [*pictures("a"), Item("leak/0", 0, "train", **person), Item("leak/1", 1, "train", **person)]}


def test_a_leak_is_refused_by_name_unless_it_may_be_dropped() -> None:
    with pytest.raises(DataError, match="train of home and test of home share identity 'a test 0'"):
        plan(leaking())
    made = plan(leaking(), drop_leaks=True, seeds=2)
    assert made.dropped == {("home", draw): {"train": 2, "val": 0} for draw in (0, 1)}
    for draw in (0, 1):
        assert not [item.id for item in made.domains["home", draw].items if item.id.startswith("leak")]


def test_equal_names_of_different_data_sets_are_no_leak() -> None:
    assert plan({"home": pictures("a"), "away": pictures("a")}).dropped == {}


def test_perturbed_test_pictures_leak_as_the_plain_ones_do() -> None:
    with pytest.raises(DataError, match=r"train of home and test of home\+blur:sigma=1 share identity"):
        plan(leaking(), test=["home+blur:sigma=1"])


def specs(*names: str) -> tuple[DetectorSpec, ...]:
    return tuple(DetectorSpec.parse(name) for name in names)


def test_reals_suffice_if_all_detectors_learn_from_them_and_no_band_is_chosen() -> None:
    fixed: dict[str, Any] = {"sweep": None, "search": {"trials": 0}}
    assert learn_from_reals(specs("warping_cnn"))
    assert not learn_from_reals(specs("warping_cnn", "spectral_svm"))
    assert not learn_from_reals(())
    assert reals_suffice(small_study(**fixed), specs("warping_cnn"))
    assert not reals_suffice(small_study(**fixed), specs("spectral_svm"))
    assert not reals_suffice(small_study(**fixed | {"sweep": {}}), specs("warping_cnn"))
    assert not reals_suffice(small_study(**fixed | {"search": {"trials": 1}}), specs("warping_cnn"))


def test_controls_join_every_training_domain_that_has_both_classes() -> None:
    lacking = [*pictures("b", labels=(0,)), *pictures("b", labels=(1,), splits=("val", "test"))]
    study = {"detectors": ["warping_cnn"], "sweep": None, "search": {"trials": 0}, "seeds": 2, "controls": True}
    made = plan({"home": pictures("a"), "away": lacking}, train=["home", "away"], test=["home"], **study)
    assert [spec.label for spec in made.controls] == ["file_facts", "permuted_labels"]
    assert (len(made.controls_on("home")), len(made.controls_on("away"))) == (2, 0)
    assert (made.n_cells, made.n_controls, made.n_fits) == (4, 2, 2 * made.n_fits_of_cell + 4)


def test_controls_that_a_study_names_are_not_added_again() -> None:
    named = plan(BOTH, detectors=["file_facts"], controls=True)
    assert [spec.label for spec in (*named.detectors, *named.controls)] == ["file_facts", "permuted_labels"]
    assert plan(BOTH).controls == ()


def test_crops_that_a_detector_cannot_take_are_refused_before_any_data_set_is_opened() -> None:
    entry = {"name": "wavelet_highband", "params": {"window": 256}}
    with pytest.raises(PluginError, match="cuts windows of 256x256 pixels out of the crops"):
        make_plan(small_study(detectors=[entry]), Catalogue({}, {}))


def test_a_comb_that_a_view_cannot_take_is_refused_before_any_data_set_is_opened() -> None:
    shelf = Shelf(BOTH)
    comb = {"kind": "comb", "period": 8}

    def planned(detectors: list[str], **changes: Any) -> None:
        make_plan(small_study(train=["home"], test=["home"], detectors=detectors, **changes), shelf)

    message = "detector 'spectral_svm' cannot take the band comb 8px .* in mode keep: view 'profile' .*use mode pixels"
    with pytest.raises(StudyError, match=message):
        planned(["dct_ridge", "spectral_svm"], bands=[comb])
    with pytest.raises(StudyError, match="detector 'spectral_svm' cannot take the band anticomb 2px .* in mode keep"):
        planned(["dct_ridge", "spectral_svm"], search={"kinds": ["low", "anticomb"]})
    with pytest.raises(StudyError, match="The search tries it: set `mode: pixels` for the whole study, or leave anticomb out"):
        planned(["dct_ridge", "spectral_svm"], search={"kinds": ["low", "anticomb"]})
    with pytest.raises(StudyError, match="use mode pixels.$"):  # of an entry of `bands`, which has a mode of its own
        planned(["dct_ridge", "spectral_svm"], bands=[comb])
    with pytest.raises(StudyError, match="period 40 needs crops of at least 80 pixels, two periods, got 64"):
        planned(["dct_ridge"], bands=[{"kind": "comb", "period": 40, "halfwidth": 0.01}])
    assert shelf.opened == []
    planned(["dct_ridge", "spectral_svm"], bands=[comb | {"mode": "pixels"}])
    planned(["dct_ridge", "spectral_svm"], search={"kinds": ["low", "anticomb"], "trials": 0})
    assert shelf.opened
