"""Spectrum statistics of training reals: which pictures they are of, and how they reach perturbed ones."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import REAL, ViewSpec
from bandbench.benchmark.domains.catalogue import Catalogue, OpenDomain
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features import reals_spectra as module
from bandbench.benchmark.features.chunks import Places
from bandbench.benchmark.features.prepare import Request, prepare_domains, select_items
from bandbench.benchmark.features.reals_spectra import reals_spectra, require_training_reals, training_reals
from bandbench.benchmark.pictures import crops as images
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.pictures.perturbations import RingSums, SpectrumStatistics, perturb
from bandbench.benchmark.workers import running_workers
from conftest import Here, SilentReporter, noise_picture

Maker = Callable[..., Path]
SMALL = {"procedural": {"n_train": 6, "n_val": 3, "n_test": 4, "side": 32}}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(str(tmp_path / "cache"), str(tmp_path / "scratch"), "")


def statistics(domain: OpenDomain, places: Places) -> SpectrumStatistics:
    (found,) = reals_spectra([domain], places, Here(1), SilentReporter())
    assert found is not None
    return found


def open_folder(root: Path, name: str = "mine+match_spectrum", replicate: int = 0) -> OpenDomain:
    return Catalogue({"mine": str(root)}).domain(name, 0, replicate)


def test_they_are_means_over_the_training_reals_alone(places: Places) -> None:
    domain = Catalogue(options=SMALL).domain("procedural/blend+match_spectrum", 0)
    assert domain.dataset is not None
    reals = [item for item in domain.items if (item.split, item.label) == ("train", REAL)]
    pictures = [images.decode(domain.dataset.read(item), colour=True) for item in reals]
    wanted = RingSums.joined([RingSums.of(picture) for picture in pictures]).statistics("")
    found = statistics(domain, places)
    np.testing.assert_allclose(found.log_power, wanted.log_power, rtol=1e-12)
    assert found.n_pictures == 6


def test_neither_fakes_nor_scored_pictures_move_them(picture_folder: Maker, places: Places, tmp_path: Path) -> None:
    root = picture_folder(n=20)
    domain = open_folder(root)
    before = statistics(domain, places)
    for item in domain.items:
        if (item.split, item.label) != ("train", REAL):
            Image.fromarray(255 - noise_picture(99)).save(root / item.id)
    again = statistics(open_folder(root), Places(str(tmp_path / "other"), places.scratch, ""))
    assert again.key == before.key
    np.testing.assert_array_equal(again.log_power, before.log_power)
    real = training_reals(domain)[0]
    Image.fromarray(255 - noise_picture(98)).save(root / real.id)
    moved = statistics(open_folder(root), places)
    assert moved.key != before.key
    assert np.abs(moved.log_power - before.log_power).max() > 0


def test_both_classes_and_all_splits_are_set_to_the_same_ones(places: Places) -> None:
    domain = Catalogue(options=SMALL).domain("procedural/blend+match_spectrum", 0)
    request = Request(domain, (("train", "val"), ("test",)))
    (part,) = prepare_domains([request], CropSpec(32), [ViewSpec("profile")], places, Here(1), SilentReporter())
    keys = {task.reals.key for task in part.tasks if task.reals}
    assert keys == {statistics(domain, places).key}
    assert {task.items[0].label for task in part.tasks} == {0, 1}
    assert all(task.reals for task in part.tasks)


def test_pictures_are_perturbed_by_them(places: Places) -> None:
    domain = Catalogue(options=SMALL).domain("procedural/blend+phase_only", 0)
    (part,) = prepare_domains(
        [Request(domain, (("test",),))], CropSpec(32), [ViewSpec("pixels")], places, Here(1), SilentReporter()
    )
    task, chunk = part.tasks[0], part.chunks[0]
    assert domain.dataset is not None
    picture = images.decode(domain.dataset.read(task.items[0]), colour=True)
    wanted = perturb(picture, "phase_only", chunk.contents[0], statistics(domain, places))
    found = np.load(Path(chunk.folder, "crops.npy"))[0]
    np.testing.assert_array_equal(found, images.in_colour(wanted) if task.colour else images.in_grey(wanted))


def test_a_perturbation_without_reals_measures_nothing(places: Places) -> None:
    catalogue = Catalogue(options=SMALL)
    domains = [catalogue.domain(name, 0) for name in ("procedural/blend", "procedural/blend+depeak", "procedural/blend+jpeg")]
    assert reals_spectra(domains, places, Here(1), SilentReporter()) == [None] * 3
    assert not Path(places.cache).exists()


def test_variants_that_share_reals_share_statistics_and_draws_have_their_own(places: Places) -> None:
    catalogue = Catalogue(options=SMALL)
    named = [("blend", 0), ("nearest", 0), ("blend", 1)]
    domains = [catalogue.domain(f"procedural/{variant}+match_spectrum", 0, r) for variant, r in named]
    one, other, of_draw = reals_spectra(domains, places, Here(1), SilentReporter())
    assert one is other
    assert one is not None
    assert of_draw is not None
    assert one.key != of_draw.key


def test_neither_workers_nor_the_cache_change_a_bit(picture_folder: Maker, tmp_path: Path) -> None:
    domain = open_folder(picture_folder(n=20))
    found = []
    for jobs, cache in ((1, "a"), (1, "a"), (2, "b")):
        with running_workers(jobs) as workers:
            (one,) = reals_spectra([domain], Places(str(tmp_path / cache), "", ""), workers, SilentReporter())
        assert one is not None
        found.append((one.key, one.log_power.tobytes(), one.n_pictures))
    assert len(set(found)) == 1
    assert list((tmp_path / "a" / "spectra").glob("*/*/sums.npz"))


def test_parts_are_added_up(picture_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = open_folder(picture_folder(n=20))
    whole = statistics(domain, Places(str(tmp_path / "a"), "", ""))
    monkeypatch.setattr(module, "CHUNK_SIZE", 3)
    parts = statistics(domain, Places(str(tmp_path / "b"), "", ""))
    assert (parts.key, parts.n_pictures) == (whole.key, whole.n_pictures)
    np.testing.assert_allclose(parts.log_power, whole.log_power, rtol=1e-12)


def test_a_limit_on_scored_pictures_leaves_them_as_they_are(picture_folder: Maker, places: Places) -> None:
    domain = open_folder(picture_folder(n=20))
    assert training_reals(select_items(domain, "test", limit=2)) == training_reals(domain)


def test_of_many_reals_some_are_drawn_by_their_ids(picture_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    domain = open_folder(picture_folder(n=20))
    reals = training_reals(domain)
    monkeypatch.setattr(module, "MOST_REALS", 5)
    few = training_reals(domain)
    assert len(few) == 5
    assert set(few) < set(reals)
    assert training_reals(replace(domain, seed=1)) != few


def test_files_that_cannot_be_read_are_left_out(picture_folder: Maker, places: Places) -> None:
    root = picture_folder(n=20)
    domain = open_folder(root)
    torn = training_reals(domain)[0]
    (root / torn.id).write_bytes(b"no picture")
    found = statistics(domain, places)
    assert found.n_pictures == len(training_reals(domain)) - 1
    for item in training_reals(domain):
        (root / item.id).write_bytes(b"no picture")
    message = r"mine\+match_spectrum: match_spectrum takes the mean spectrum of training reals, and none of the \d+ can be read"
    with pytest.raises(DataError, match=message):
        statistics(domain, places)


def test_a_domain_without_training_reals_is_refused(picture_folder: Maker, places: Places, tmp_path: Path) -> None:
    shutil.copytree(picture_folder(n=10), tmp_path / "scored" / "test")
    catalogue = Catalogue({"scored": str(tmp_path / "scored")})
    require_training_reals([catalogue.domain("scored+amplitude_only", 0), catalogue.domain("scored", 0)])
    message = (
        r"scored\+jpeg\+phase_only: phase_only takes the mean spectrum of the training reals of scored, which has no real "
        "picture in its training split; give it such pictures, or leave phase_only out"
    )
    with pytest.raises(DataError, match=message):
        require_training_reals([catalogue.domain("scored+jpeg+phase_only", 0)])
    with pytest.raises(DataError, match=message):
        reals_spectra([catalogue.domain("scored+jpeg+phase_only", 0)], places, Here(1), SilentReporter())


def test_reals_change_the_digest_of_what_is_perturbed_by_them(picture_folder: Maker, places: Places) -> None:
    root = picture_folder(n=20)
    request = [Request(open_folder(root), (("test",),)), Request(open_folder(root, "mine+depeak"), (("test",),))]

    def digests() -> list[str]:
        parts = prepare_domains(request, CropSpec(48), [ViewSpec("profile")], places, Here(1), SilentReporter())
        return [part.item_set("test", part.statuses("test")).digest for part in parts]

    before = digests()
    Image.fromarray(255 - noise_picture(98)).save(root / training_reals(request[0].domain)[0].id)
    matched, depeaked = digests()
    assert matched != before[0]
    assert depeaked == before[1]
