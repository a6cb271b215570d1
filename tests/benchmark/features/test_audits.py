"""Facts of the files of prepared pictures, and the audits of a study's domains."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features.audits import audit_plan, fact_table, refuse_shortcuts
from bandbench.benchmark.features.chunks import Places
from bandbench.benchmark.features.plan_sets import prepare_sets
from bandbench.benchmark.features.prepare import scratch_places
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


def audits(plan: Plan, places: Places) -> dict[str, Shortcut]:
    return audit_plan(plan, prepare_sets(plan, places, Here(1), SilentReporter()), Here(1), SilentReporter())


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


def test_marked_domains_are_refused_with_one_sentence_each() -> None:
    refuse_shortcuts({"a": Shortcut(0.5, 0.4, 0.6, "format", ("PNG", "PNG"))})
    with pytest.raises(DataError, match=r"the classes of b differ in format: PNG \(real\) against JPEG 75 \(fake\)"):
        refuse_shortcuts({"a": Shortcut(0.5, 0.4, 0.6, "format", ("PNG", "PNG")), "b": STORED})
