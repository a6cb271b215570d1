"""How far test pictures are apart in an embedding: real from fake, filtered from unfiltered."""

import json
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.features.chunks import Places
from bandbench.benchmark.features.plan_sets import prepare_sets
from bandbench.benchmark.recording.discrepancy import Contrast, DiscrepancyTest, compare, comparisons, keep_discrepancies
from bandbench.benchmark.records import ItemSet
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.run import make_cells
from bandbench.benchmark.workers import Workers
from conftest import SilentReporter, noise_picture, small_study

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
PROBE = {"name": "clip_probe/random", "params": {"side": 48}}


class Here(Workers):
    """Work done in this process."""

    def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(function(*args))
        return done


def write(root: Path, boost: float, n_test: int = 24, one_person: bool = False) -> Path:
    """Noise pictures in given splits; the fakes have `boost` times the amplitude between 0.2 and 0.3 cycles/pixel."""
    seed = 0
    for split, n in (("train", 3), ("val", 3), ("test", n_test)):
        for label in ("real", "fake"):
            person = label == "real" and split == "test" and one_person
            folder = root / split / label
            folder.mkdir(parents=True)
            for i in range(n):
                seed += 1
                picture = noise_picture(seed, 48, boost if label == "fake" else 1.0)
                path = folder / (f"somebody/{i}.png" if person else f"{split}{label}{chr(97 + i)}.png")
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(picture).save(path)
    return root


def asked(
    root: Path, tmp_path: Path, chains: Sequence[str] = (), mmd: Any = None, detectors: Any = (PROBE,)
) -> list[DiscrepancyTest]:
    """Comparisons of a study on one folder."""
    study = small_study(
        detectors=list(detectors), perturbations=list(chains), sweep=None, search={"trials": 0}, crop={"side": 48}, mmd=mmd
    )
    plan = make_plan(study, Catalogue({"mine": str(root)}, {}))
    (tmp_path / "scratch").mkdir(exist_ok=True)
    places = Places(str(tmp_path / "cache"), str(tmp_path / "scratch"), str(tmp_path / "records"))
    return comparisons(make_cells(plan, prepare_sets(plan, places, Here(1), SilentReporter()), places.records, 0))


def test_equal_classes_are_not_told_apart_and_different_ones_are(tmp_path: Path) -> None:
    (same,) = asked(write(tmp_path / "same", 1.0), tmp_path, mmd={"permutations": 99})
    (other,) = asked(write(tmp_path / "other", 6.0), tmp_path, mmd={"permutations": 99})
    assert (same.contrast, same.domain, same.one) == (Contrast.CLASSES, "mine", same.other)
    equal, different = compare(same), compare(other)
    assert equal["p_value"] > 0.1 and abs(equal["value"]) < 0.05
    assert different["p_value"] == 0.01 and different["value"] > 5 * abs(equal["value"])
    assert (different["n_real"], different["n_fake"], different["permutations"]) == (24, 24, 99)
    # Each vector's kernel with itself is summed and not counted.
    assert different["published_all_entries"] > different["value"] and different["published_first_100"] > 0


def test_filtered_pictures_are_paired_with_the_same_unfiltered_ones(tmp_path: Path) -> None:
    chains = ["blur:sigma=0", "lowpass:cutoff=0.05"]
    found = {c.what: c for c in asked(write(tmp_path / "pictures", 1.0), tmp_path, chains, {"permutations": 99, "limit": 20})}
    assert set(found) == {"real against fake"} | {
        text for chain in chains for text in (f"real against fake, {chain}", f"{chain} against unfiltered")
    }
    nothing, lowpass = (compare(found[f"{chain} {Contrast.FILTERED}"]) for chain in chains)
    # To exchange a picture for itself changes nothing, so every relabelling is as far apart.
    assert nothing["p_value"] == 1.0 and abs(nothing["value"]) < 1e-9
    assert lowpass["p_value"] == 0.01 and lowpass["value"] > 0.05
    assert (lowpass["n_real"], lowpass["n_fake"], lowpass["n_real_groups"]) == (20, 20, 20)


def test_the_limit_draws_by_name_and_is_part_of_the_key(tmp_path: Path) -> None:
    (whole,) = asked(write(tmp_path / "pictures", 2.0), tmp_path, mmd={"permutations": 9})
    few = replace(whole, limit=6)
    assert few.key != whole.key
    assert (compare(few)["n_real"], compare(few)["n_fake"], compare(whole)["n_real"]) == (6, 6, 24)


def test_what_is_known_is_taken_up_and_an_error_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (good,) = asked(write(tmp_path / "pictures", 2.0), tmp_path, mmd={"permutations": 9})
    (bad,) = asked(write(tmp_path / "one", 2.0, one_person=True), tmp_path, mmd={"permutations": 9})
    entry, failed = compare(good), compare(bad)
    assert failed["error"].startswith("MMD needs two groups of each kind, got 1 real") and math.isnan(failed["value"])
    kept = list((tmp_path / "home" / "mmd").iterdir())
    assert [path.stem for path in kept] == [good.key]
    monkeypatch.setattr("bandbench.benchmark.recording.discrepancy.mmd", None)
    assert compare(good) == entry

    keep_discrepancies("small", [(good, entry), (bad, failed)], tmp_path / "study")
    told = json.loads((tmp_path / "study" / "mmd.json").read_text())
    assert [line["value"] for line in told] == [entry["value"], None] and "two groups" in told[1]["error"]
    assert {path.name for path in (tmp_path / "study").iterdir()} == {"mmd.json", "mmd_classes_0.png"}


def test_only_embeddings_of_studies_that_ask_are_compared(tmp_path: Path) -> None:
    root = write(tmp_path / "pictures", 2.0, n_test=4)
    assert asked(root, tmp_path) == []
    assert asked(root, tmp_path, mmd={}, detectors=["spectral_svm"]) == []
    heads = [PROBE, {"name": "clip_probe/random", "params": {"side": 48, "C": 0.1}}]
    assert len(asked(root, tmp_path, mmd={}, detectors=heads)) == 1  # one view, whatever is fitted to it


def test_a_figure_names_what_differs_between_its_columns() -> None:
    spec = DetectorSpec("spectral_svm")
    items = ItemSet("mine", "test", "", "", (), (), "", 0, 0, (), 0.0)

    def heading(contrast: Contrast, chain: str) -> str:
        return DiscrepancyTest(spec, "mine", contrast, chain, items, items, 9, 9).heading

    assert heading(Contrast.CLASSES, "") == "real against fake"
    assert heading(Contrast.CLASSES, "noise:sd=5") == "real against fake, noise:sd=5"
    assert heading(Contrast.FILTERED, "noise:sd=5") == "noise:sd=5"
