"""Look-alikes across a split: what is grouped and split again, what is left out, and that all commands agree."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.reals import open_source
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features.item_sets import iter_problems
from bandbench.benchmark.features.plan_sets import Prepared, prepare_sets
from bandbench.benchmark.features.prepare import scratch_places
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models.evaluation import evaluate_model
from bandbench.benchmark.models.reals import score_reals
from bandbench.benchmark.models.recipe import Recipe
from bandbench.benchmark.models.training import train_model
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.results.scores import ok_rows
from bandbench.benchmark.search.plan import make_plan
from conftest import Here, SilentReporter, noise_picture, run, small_study

SIDE = 32
CLIPS, FRAMES = 60, 10
QUICK = {"crop": {"side": SIDE}, "sweep": None, "search": {"trials": 0}, "oracle": False, "keep_models": False}
Name = Callable[[int, int], str]  # of a clip and a frame


def hashed(clip: int, frame: int) -> str:
    return hashlib.md5(f"{clip} {frame}".encode()).hexdigest()


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(path)


def clip_folder(root: Path, name: Name, seed: int = 0, clips: int = CLIPS) -> dict[str, int]:
    """Frames of clips with a random label and a strong look each; return the clip of every picture."""
    rng, labels, clip_of = np.random.default_rng(seed), random.Random(seed), {}
    for clip in range(clips):
        label = labels.choice(("real", "fake"))
        look = noise_picture(1000 * seed + clip, SIDE, rng.uniform(0.3, 3)) * rng.uniform(0.5, 1)
        for frame in range(FRAMES):
            item = f"{label}/{name(clip, frame)}.png"
            save(root / item, look + rng.normal(0, 3, look.shape))
            clip_of[item] = clip
    return clip_of


def independent_folder(root: Path, n: dict[str, int], copies: dict[str, int]) -> None:
    """Independent pictures per class in some splits; the first ones of a split are brightened copies of training pictures."""
    for k, label in enumerate(("real", "fake")):
        for s, (split, number) in enumerate(n.items()):
            for i in range(number):
                save(root / split / label / f"{label}_{i:05d}.png", noise_picture(10000 * (2 * s + k) + i, SIDE, 1 + k))
        for k, (split, number) in enumerate(copies.items()):
            for i in range(number):
                picture = np.asarray(Image.open(root / "train" / label / f"{label}_{i:05d}.png"), dtype=float)
                save(root / split / label / f"{label}_{i:05d}.png", picture + 3 + 2 * k)


def prepared(root: Path, **changes: object) -> tuple[Prepared, list[str]]:
    reporter = SilentReporter()
    plan = make_plan(small_study(**(QUICK | changes)), Catalogue({"mine": str(root)}))
    with scratch_places() as places:
        return prepare_sets(plan, places, Here(1), reporter), reporter.notes


def sides(done: Prepared, clip_of: dict[str, int]) -> dict[int, set[str]]:
    """Splits of every clip."""
    splits: dict[int, set[str]] = {}
    for item in done.plan.domains["mine", 0].items:
        splits.setdefault(clip_of[item.id], set()).add(item.split)
    return splits


@pytest.mark.parametrize("name", [hashed, lambda clip, frame: f"{clip * FRAMES + frame:05d}"], ids=["hashes", "numbers"])
def test_frames_whose_names_tell_nothing_are_grouped_by_looks(tmp_path: Path, name: Name) -> None:
    clip_of = clip_folder(tmp_path, name)
    done, notes = prepared(tmp_path, seeds=2)
    assert all(len(splits) == 1 for splits in sides(done, clip_of).values())
    assert done.lookalikes["mine", "mine"].n == 0
    (note,) = notes
    assert "test pictures look like pictures of another split, which is more than 1%" in note
    assert "it is grouped by look-alikes, 60 groups, and split again (--allow-lookalikes keeps" in note
    assert done.plan.facts["mine"]["lookalikes"] == [note]
    tests = [{item.id for item in done.plan.domains["mine", r].split("test")} for r in range(2)]
    assert tests[0] == tests[1]


def test_random_labels_of_clips_are_a_coin(tmp_path: Path) -> None:
    """With frames of a clip on both sides, each AUC is 1; with none, they lie around a half."""
    aucs = []
    for seed in range(4):
        clip_folder(tmp_path / f"{seed}", hashed, seed)
        outcome = run(small_study(**QUICK, name=f"s{seed}"), {"mine": tmp_path / f"{seed}"})
        aucs.append(outcome.rows[0].tests[0].auc)
    assert 0.3 < np.mean(aucs) < 0.7
    clip_folder(tmp_path / "kept", hashed)
    (row,) = run(small_study(**QUICK, name="kept", allow_lookalikes=True), {"mine": tmp_path / "kept"}).rows
    assert row.tests[0].auc > 0.95
    assert row.tests[0].lookalikes > 0.9 * row.tests[0].n


def test_independent_pictures_are_split_as_listed(picture_folder: Callable[..., Path]) -> None:
    root = picture_folder(side=SIDE)
    done, notes = prepared(root)
    plan = make_plan(small_study(**QUICK), Catalogue({"mine": str(root)}))
    assert notes == []
    assert done.plan.domains["mine", 0].items == plan.domains["mine", 0].items


def test_a_clean_folder_is_prepared_once(picture_folder: Callable[..., Path]) -> None:
    reporter = SilentReporter()
    plan = make_plan(small_study(**QUICK), Catalogue({"mine": str(picture_folder(side=SIDE))}))
    with scratch_places() as places:
        prepare_sets(plan, places, Here(1), reporter)
    assert reporter.stages == ["preparing pictures"]
    assert reporter.done == 40 * 1  # in grey, of one view


def test_given_splits_lose_the_offenders(tmp_path: Path) -> None:
    independent_folder(tmp_path, {"train": 30, "val": 10, "test": 20}, {"test": 3, "val": 1})
    done, notes = prepared(tmp_path)
    test, val = done.sets["mine", "test", 0], done.sets["mine", "val", 0]
    assert (test.n_items, test.n_ok, val.n_items, val.n_ok) == (40, 34, 20, 18)
    assert list(iter_problems(list(done.sets.values()))) == []  # they are left out on purpose
    assert notes == [
        "mine: 2 of 20 validation pictures look like pictures that are learned from, which is more than 1%; they are left out "
        "(--allow-lookalikes keeps them and marks the row).",
        "mine: 6 of 40 test pictures look like pictures that are learned from, which is more than 1%; they are left out "
        "(--allow-lookalikes keeps them and marks the row).",
    ]
    assert done.lookalikes["mine", "mine"].n == 0


def test_a_run_that_leaves_look_alikes_out_is_complete(tmp_path: Path) -> None:
    independent_folder(tmp_path, {"train": 30, "val": 10, "test": 20}, {"test": 3})
    outcome = run(small_study(**QUICK), {"mine": tmp_path})
    assert outcome.complete
    assert outcome.rows[0].tests[0].coverage == 34 / 40


def test_perturbed_pictures_are_left_out_without_a_sentence_of_their_own(tmp_path: Path) -> None:
    independent_folder(tmp_path, {"train": 30, "val": 10, "test": 20}, {"test": 3})
    perturbed = ["mine+blur:sigma=1", "mine+noise:sd=5"]
    done, notes = prepared(tmp_path, test=["mine", *perturbed])
    assert [done.sets[name, "test", 0].n_ok for name in ("mine", *perturbed)] == [34, 34, 34]
    assert [note.split(":")[0] for note in notes] == ["mine"]
    _, notes = prepared(tmp_path, test=perturbed[:1])
    assert len(notes) == 1


def test_look_alikes_can_be_kept(tmp_path: Path) -> None:
    independent_folder(tmp_path, {"train": 30, "val": 10, "test": 20}, {"test": 3})
    done, notes = prepared(tmp_path, allow_lookalikes=True)
    assert done.sets["mine", "test", 0].n_ok == 40
    assert done.lookalikes["mine", "mine"].n == 6
    assert notes == []


def test_clips_that_are_too_few_are_refused_with_the_reason(tmp_path: Path) -> None:
    clip_folder(tmp_path, hashed, clips=4)
    with pytest.raises(DataError, match=r"test pictures look like .*grouped by look-alikes it cannot be split\. .*Or: --allow"):
        prepared(tmp_path)


def test_training_and_evaluation_split_as_runs_do(tmp_path: Path) -> None:
    clip_of = clip_folder(tmp_path, hashed)
    done, _ = prepared(tmp_path)
    catalogue = Catalogue({"mine": str(tmp_path)})
    recipe = Recipe(
        DetectorSpec.parse("spectral_logreg"), "detection", ("real", "fake"), Band("all"), CropSpec(SIDE), ("mine",), 0
    )
    reporter = SilentReporter()
    model, problems = train_model(recipe, catalogue, Here(1), reporter)
    assert problems == ()
    assert model.data["splits"]["mine"] == done.sets["mine", "train", 0].provenance.split_list
    (found,) = evaluate_model(model, ["mine"], catalogue, Here(1), reporter)
    tested = set(found.scores.column("item").to_pylist())
    assert tested == {item.id for item in done.plan.domains["mine", 0].split("test")}
    assert (found.n, found.problems) == (len(tested), ())
    assert all("split again" in note for note in reporter.notes)
    assert len(reporter.notes) == 2
    (reals,) = score_reals(model, [open_source("mine", catalogue, 0)], Here(1), reporter).values()
    assert set(reals.scores.column("item").to_pylist()) == {item for item in tested if item.startswith("real")}
    assert {clip_of[item] for item in tested}.isdisjoint(
        {clip_of[item.id] for split in ("train", "val") for item in done.plan.domains["mine", 0].split(split)}
    )


def test_a_model_knows_the_looks_of_what_it_has_learned_from(tmp_path: Path) -> None:
    independent_folder(tmp_path / "mine", {"train": 30, "val": 10, "test": 20}, {"test": 3})
    recipe = Recipe(
        DetectorSpec.parse("spectral_logreg"), "detection", ("real", "fake"), Band("all"), CropSpec(SIDE), ("mine",), 0
    )
    catalogue = Catalogue({"mine": str(tmp_path / "mine")})
    reporter = SilentReporter()
    model, _ = train_model(recipe, catalogue, Here(1), reporter)
    model.save(tmp_path / "model", describe=False)
    again = type(model).load(tmp_path / "model")
    assert again.looks == model.looks
    assert len(model.looks) > 70
    (found,) = evaluate_model(again, ["mine"], catalogue, Here(1), reporter)
    assert (found.n, found.n_items) == (34, 40)
    assert set(found.scores.column("detail").to_pylist()) == {"", "it looks like a picture that the model has learned from."}
    assert found.problems == ()
    (kept,) = evaluate_model(again, ["mine"], catalogue, Here(1), reporter, allow_lookalikes=True)
    assert kept.n == 40
    reporter.notes.clear()
    sources = [open_source("mine", catalogue, 0)]
    for allowed, n in ((False, 17), (True, 20)):
        (reals,) = score_reals(again, sources, Here(1), reporter, allow_lookalikes=allowed).values()
        assert (int(ok_rows(reals.scores).sum()), reals.problems) == (n, ())
    assert [note.split(" look")[0] for note in reporter.notes] == ["mine: 3 of 20 real pictures"]


def test_what_the_guard_left_out_is_counted_after_splits_were_drawn_again(tmp_path: Path) -> None:
    clip_folder(tmp_path / "mine", hashed, clips=30)
    people = {"train": ("anna", "bert", "carl", "dora"), "val": ("anna", "emil", "fred", "gina")}
    for s, (split, names) in enumerate(people.items()):
        for k, label in enumerate(("real", "fake")):
            for i, name in enumerate(f"{name}_{frame}" for name in names for frame in range(3)):
                save(tmp_path / "leaky" / split / label / f"{name}.png", noise_picture(1000 * (2 * s + k) + i, SIDE, 1 + k))
    catalogue = Catalogue({name: str(tmp_path / name) for name in ("mine", "leaky")})
    recipe = Recipe(
        DetectorSpec.parse("spectral_logreg"), "detection", ("real", "fake"), Band("all"), CropSpec(SIDE), ("mine", "leaky"), 0
    )
    reporter = SilentReporter()
    model, _ = train_model(recipe, catalogue, Here(1), reporter, drop=True)
    assert "mine" in reporter.notes[0] and "split again" in reporter.notes[0]
    assert model.data["dropped_leaks"] == {"train": 6, "val": 0}
