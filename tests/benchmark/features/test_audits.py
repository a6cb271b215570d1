"""Facts of the files of prepared pictures, and the audits of a study's domains."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features import audits as module
from bandbench.benchmark.features.audits import PlanAudits, ambiguous_notes, audit_plan, fact_table, refuse_shortcuts
from bandbench.benchmark.features.chunks import Places
from bandbench.benchmark.features.plan_sets import prepare_sets
from bandbench.benchmark.features.prepare import scratch_places
from bandbench.benchmark.invocation import bench
from bandbench.benchmark.pictures.audit import Audit, FactTable, audit
from bandbench.benchmark.pictures.file_facts import COLUMNS, MISSING, TRACES, value_text
from bandbench.benchmark.pictures.shortcuts import Shortcut
from bandbench.benchmark.records import Plan
from bandbench.benchmark.search.plan import make_plan
from conftest import Here, SilentReporter, noise_picture, small_study

N = 30
STORED = Shortcut(1.0, 0.95, 1.0, "format", ("PNG", "JPEG 75"))


@pytest.fixture
def places() -> Iterator[Places]:
    with scratch_places() as places:
        yield places


def plan_of(tmp_path: Path, fakes: str, **changes: object) -> Plan:
    """A study on pictures of one population; reals are PNG files, fakes are of some format."""
    for k, (name, kind) in enumerate((("real", "PNG"), ("fake", fakes))):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(N):
            out = io.BytesIO()
            Image.fromarray(noise_picture(2 * i + k)).save(out, kind)
            path = tmp_path / "pictures" / name / f"{name}{chr(97 + i % 26)}{i:03d}.{kind.lower()}"
            path.write_bytes(out.getvalue())
    return make_plan(small_study(**changes), Catalogue({"mine": str(tmp_path / "pictures")}, {}))


def audited(plan: Plan, places: Places) -> PlanAudits:
    return audit_plan(plan, prepare_sets(plan, places, Here(1), SilentReporter()), places.cache, Here(1), SilentReporter())


def audits(plan: Plan, places: Places) -> Mapping[str, Shortcut]:
    return audited(plan, places).domains


def source_of(folder: Path, kind: str) -> str:
    """Write a source of reals of the same population, as files of some format."""
    folder.mkdir()
    for i in range(N):
        Image.fromarray(noise_picture(1000 + i)).save(folder / f"other{chr(97 + i % 26)}{i:03d}.{kind.lower()}", kind)
    return str(folder)


def test_facts_are_those_of_the_files_in_the_order_of_the_items(tmp_path: Path, places: Places) -> None:
    plan = plan_of(tmp_path, "JPEG", crop={"side": 32, "placement": "tiles"})
    sets = prepare_sets(plan, places, Here(1), SilentReporter()).sets
    for items in sets.values():
        table = fact_table(items)
        formats = [value_text(row, "format") for row in table.facts]
        assert formats == [("PNG", "JPEG 75")[label] for label in table.labels]
        assert {value_text(row, "side") for row in table.facts} == {"64x64"}
        assert (table.facts[:, TRACES] != MISSING).any(axis=0).sum() >= len(TRACES) - 1  # no phase without a clear grid


def test_a_domain_that_is_stored_in_two_ways_is_marked_and_its_perturbed_test_has_no_audit(
    tmp_path: Path, places: Places
) -> None:
    made = audits(plan_of(tmp_path, "JPEG", perturbations=["jpeg:quality=75"]), places)
    assert list(made) == ["mine"]
    assert (made["mine"].fact, made["mine"].values, made["mine"].is_marked) == ("format", ("PNG", "JPEG 75"), True)


def test_a_domain_that_is_stored_in_one_way_is_not_marked(tmp_path: Path, places: Places) -> None:
    assert not audits(plan_of(tmp_path, "PNG"), places)["mine"].is_marked


def test_perturbed_training_pictures_come_from_no_file(tmp_path: Path, places: Places) -> None:
    """What is left of PNG against JPEG after both were compressed lies in the pixels, and is ambiguous."""
    plan = plan_of(tmp_path, "JPEG", train=["mine+jpeg:quality=30"])
    sets = prepare_sets(plan, places, Here(1), SilentReporter()).sets
    facts = fact_table(sets["mine+jpeg:quality=30", "train", 0]).facts
    assert (facts[:, [COLUMNS["format"], COLUMNS["bytes_per_pixel"]]] == MISSING).all()
    assert (facts[:, COLUMNS["side"]] == 64).all() and (facts[:, COLUMNS["grid"]] > 0).all()


def test_computed_pictures_are_audited_without_traces_in_pixels(places: Places) -> None:
    """They differ by the operation that is to be detected, and by nothing else."""
    options = {"procedural": {"n_train": 12, "n_val": 8, "n_test": 12}}
    study = small_study(train=["procedural/nearest"], test=["procedural/nearest"], datasets=options)
    plan = make_plan(study, Catalogue({}, options))
    sets = prepare_sets(plan, places, Here(1), SilentReporter()).sets
    facts = np.concatenate([fact_table(items).facts for items in sets.values()])
    assert (facts[:, TRACES] == MISSING).all() and (facts[:, COLUMNS["format"]] != MISSING).all()
    made = audits(plan, places)["procedural/nearest"]
    assert (made.auc, made.is_marked) == (0.5, False)


def test_fakes_are_audited_against_each_source_of_reals(tmp_path: Path, places: Places) -> None:
    """Own reals need no second audit, and perturbed sources have none."""
    stored, alike = source_of(tmp_path / "stored", "JPEG"), source_of(tmp_path / "alike", "PNG")
    reals = [stored, alike, "mine+jpeg:quality=75", "mine"]
    made = audited(plan_of(tmp_path, "PNG", reals=reals, perturbations=["jpeg:quality=75"]), places)
    assert {name: list(each) for name, each in made.reals.items()} == {"mine": ["stored", "alike"]}
    assert (made.reals["mine"]["stored"].fact, made.reals["mine"]["stored"].values) == ("format", ("JPEG 75", "PNG"))
    assert [audit.is_marked for audit in made.reals["mine"].values()] == [True, False]
    assert not made.domains["mine"].is_marked
    assert [sentence[:46] for _, sentence in made.marked()] == ["the fakes of mine and the reals of stored diff"]


def test_what_was_audited_before_is_not_audited_again(tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome is kept by the pictures: one more detector changes nothing, one other picture does."""
    tables: list[int] = []

    def noted(table: FactTable) -> Audit | None:
        tables.append(len(table))
        return audit(table)

    monkeypatch.setattr(module, "audit", noted)
    changes = {"reals": [source_of(tmp_path / "stored", "JPEG")]}
    first = audited(plan_of(tmp_path, "PNG", **changes), places)
    n_first = len(tables)
    assert n_first == 2
    catalogue = Catalogue({"mine": str(tmp_path / "pictures")}, {})
    again = audited(make_plan(small_study(**changes, detectors=["coin_flip"]), catalogue), places)
    assert (again, len(tables)) == (first, n_first)
    Image.fromarray(noise_picture(5000)).save(next((tmp_path / "stored").iterdir()), "JPEG", quality=30)
    changed = audited(make_plan(small_study(**changes), Catalogue({"mine": str(tmp_path / "pictures")}, {})), places)
    assert len(tables) == n_first + 1
    assert changed.domains == first.domains


def test_a_damaged_outcome_is_made_again(tmp_path: Path, places: Places) -> None:
    plan = plan_of(tmp_path, "JPEG")
    first = audited(plan, places)
    (kept,) = Path(places.cache, "audits").glob("*/*.json")
    kept.write_text("{")
    assert audited(plan, places) == first


def test_an_audit_that_cannot_be_made_is_kept_too(tmp_path: Path, places: Places) -> None:
    """A source of one picture has one group."""
    source = Path(source_of(tmp_path / "one", "JPEG"))
    for path in sorted(source.iterdir())[1:]:
        path.unlink()
    plan = plan_of(tmp_path, "PNG", reals=[str(source)])
    made, again = audited(plan, places), audited(plan, places)
    assert made.reals == {}
    assert again == made


ALIKE = Shortcut(0.5, 0.4, 0.6, "format", ("PNG", "PNG"))
TRACE = Shortcut(0.9, 0.8, 0.95, "sharpness", ("1", "2"), ambiguous=True)


def test_what_no_generator_leaves_is_refused_with_one_sentence_each() -> None:
    refuse_shortcuts(PlanAudits({"a": ALIKE}, {"a": {"ffhq": ALIKE}}))
    with pytest.raises(DataError, match=r"the classes of b differ in format: PNG \(real\) against JPEG 75 \(fake\)"):
        refuse_shortcuts(PlanAudits({"a": ALIKE, "b": STORED}))
    with pytest.raises(DataError, match=r"the fakes of a and the reals of ffhq differ in format") as error:
        refuse_shortcuts(PlanAudits({"a": ALIKE, "c": TRACE}, {"a": {"ffhq": STORED, "celeba": ALIKE}}))
    assert "of c" not in str(error.value)


def test_ambiguous_traces_are_said_and_not_refused() -> None:
    made = PlanAudits({"a": ALIKE, "b": TRACE}, {"a": {"ffhq": TRACE}})
    refuse_shortcuts(made)
    notes = list(ambiguous_notes(made))
    assert [note.split(" differ in sharpness")[0] for note in notes] == [
        "The classes of b",
        "The fakes of a and the reals of ffhq",
    ]
    hint = f"--strict does not refuse this; `{bench('data audit')}` finds out"
    assert [hint in note for note in notes] == [True, True]
    assert list(ambiguous_notes(PlanAudits({"a": STORED}))) == []
