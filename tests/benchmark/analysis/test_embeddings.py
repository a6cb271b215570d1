"""Exported vectors: those of the true encoder, beside the right ids, computed once."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.analysis.embeddings import EmbeddingOptions, Embeddings, embed
from bandbench.benchmark.domains.catalogue import Catalogue, OpenDomain
from bandbench.benchmark.encoders import EncoderSpec, load_encoder
from bandbench.benchmark.errors import BenchError, DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import filter_pixels
from bandbench.benchmark.pictures import crops as images
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.workers import Workers
from bandbench.datasets.procedural import Procedural
from conftest import SilentReporter, noise_picture

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
Maker = Callable[..., Path]
SIZES = {"n_train": 6, "n_val": 3, "n_test": 4}


class Here(Workers):
    """Work done in this process, where a test sees what is called."""

    def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(function(*args))
        return done


def options(detector: str, **changes: Any) -> EmbeddingOptions:
    return replace(EmbeddingOptions(DetectorSpec.parse(detector), Band(), CropSpec(48)), **changes)


def domain(name: str = "procedural/nearest", **folders: Path) -> OpenDomain:
    return Catalogue({k: str(v) for k, v in folders.items()}, {"procedural": SIZES}).domain(name, 0)


def made(*domains: OpenDomain, detector: str = "clip_probe/random", **changes: Any) -> Embeddings:
    return embed(domains, options(detector, **changes), Here(1), SilentReporter())


def crop_of(one: OpenDomain, item: str, colour: bool = True) -> np.ndarray:
    """Middle window of an item."""
    (found,) = [listed for listed in one.items if listed.id == item]
    assert one.dataset
    return images.cut(images.decode(one.dataset.read(found), colour), CropSpec(48))[0]


def test_vectors_are_the_encoders_and_lie_beside_their_ids() -> None:
    one = domain()
    found = made(one)
    ids = found.items.column("item").to_pylist()
    assert set(ids) == {item.id for item in one.items} and len(ids) == 2 * 13
    assert {*zip(found.items.column("split").to_pylist(), found.items.column("label").to_pylist(), strict=True)} == {
        (split, label) for split in ("train", "val", "test") for label in (0, 1)
    }
    assert found.vectors.shape == (26, 64) and found.vectors.dtype == np.float32 and not found.problems
    encoder = load_encoder(EncoderSpec("open_clip", "tiny", "random"), "cpu")
    wanted = encoder.embed(np.stack([crop_of(one, item) for item in ids]))
    np.testing.assert_allclose(found.vectors, wanted, atol=1e-5)


def test_a_band_filters_the_pictures_and_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    one, band = domain(), Band("low", 0.1, mode="pixels")
    filtered = made(one, band=band, split="test")
    crops = filter_pixels(np.stack([crop_of(one, item) for item in filtered.items.column("item").to_pylist()]), band)
    wanted = load_encoder(EncoderSpec("open_clip", "tiny", "random"), "cpu").embed(crops)
    np.testing.assert_allclose(filtered.vectors, wanted, atol=1e-5)
    assert np.abs(filtered.vectors - made(one, split="test").vectors).max() > 0.01

    def refuse(*_: Any) -> Any:
        raise AssertionError("a second time")

    monkeypatch.setattr("bandbench.benchmark.encoders.Encoder.embed", refuse)
    monkeypatch.setattr(Procedural, "read", refuse)
    np.testing.assert_array_equal(made(one, band=band, split="test").vectors, filtered.vectors)


def test_perturbed_domains_have_the_same_ids_and_other_vectors() -> None:
    plain, noisy = domain(), domain("procedural/nearest+noise:sd=30")
    both = made(plain, noisy, split="test", limit=2)
    names = both.items.column("domain").to_pylist()
    assert names == ["procedural/nearest"] * 4 + ["procedural/nearest+noise:sd=30"] * 4
    ids, groups = (both.items.column(name).to_pylist() for name in ("item", "group"))
    assert ids[:4] == ids[4:] and groups[:4] == groups[4:]
    assert np.abs(both.vectors[:4] - both.vectors[4:]).max(axis=1).min() > 0.01


def test_a_larger_limit_adds_pictures_of_both_classes() -> None:
    few, more = (made(domain(), split="train", limit=n).items for n in (2, 4))
    assert few.column("label").to_pylist() == [0, 0, 1, 1]
    assert set(few.column("item").to_pylist()) < set(more.column("item").to_pylist())


def test_windows_are_averaged(picture_folder: Maker) -> None:
    mine = domain("mine", mine=picture_folder(n=8, side=96))
    windows, middle = (made(mine, crop=CropSpec(48, *kind)) for kind in (("tiles", 4), ("centre", 1)))
    item = windows.items.column("item")[0].as_py()
    (found,) = [listed for listed in mine.items if listed.id == item]
    assert mine.dataset
    crops = images.cut(images.decode(mine.dataset.read(found), colour=True), CropSpec(48, "tiles", 4))
    assert len(crops) == 4
    wanted = load_encoder(EncoderSpec("open_clip", "tiny", "random"), "cpu").embed(np.stack(crops)).mean(axis=0)
    np.testing.assert_allclose(windows.vectors[0], wanted, atol=1e-5)
    assert windows.vectors.shape == middle.vectors.shape and np.abs(windows.vectors - middle.vectors).max() > 1e-3


def test_reals_alone_are_a_domain_here(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "faces").mkdir()
    for i in range(5):
        Image.fromarray(noise_picture(i)).save(tmp_path / "faces" / f"i{i:03d}qa-fn.jpg")
    found = made(domain("real_faces", real_faces=tmp_path / "faces"))
    assert found.items.column("label").to_pylist() == [0] * 5
    assert np.isfinite(found.vectors).all()


@pytest.mark.parametrize("detector", ["spectral_svm", "dct_cnn"])
def test_other_views_are_laid_out_in_a_row(detector: str) -> None:
    one = domain()
    found = made(one, detector=detector, split="test")
    kernel = view_kernel(DetectorSpec.parse(detector).build().view)
    crops = np.stack([crop_of(one, item, kernel.colour) for item in found.items.column("item").to_pylist()])
    np.testing.assert_allclose(found.vectors, features_from_crops(kernel, crops, Band()).columns, rtol=1e-4, atol=1e-4)


def test_pictures_that_cannot_be_used_are_rows_without_a_vector(picture_folder: Maker, tmp_path: Path) -> None:
    root = picture_folder(n=8)
    (root / "real" / "reala000.png").write_text("text")
    mine = domain("mine", mine=root)
    found = made(mine)
    ((name, item, status, detail),) = found.problems
    assert (name, item, status) == ("mine", "real/reala000.png", "error") and "not a JPEG" in detail

    found.save(tmp_path / "v.parquet")
    table = pq.read_table(tmp_path / "v.parquet")
    assert str(table.schema.field("vector").type) == "fixed_size_list<element: float>[64]"
    rows = table.to_pylist()
    assert [row["item"] for row in rows if np.isnan(row["vector"]).all()] == [item]
    np.testing.assert_array_equal(np.array([row["vector"] for row in rows], np.float32), found.vectors)
    about = json.loads(table.schema.metadata[b"bandbench.embeddings"])
    assert (about["detector"], about["view"]["library"], about["band"]) == ("clip_probe/random", "open_clip", "all")

    found.save(tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz", allow_pickle=False) as archive:
        assert set(archive) == {"domain", "item", "label", "split", "group", "status", "detail", "vector", "about"}
        np.testing.assert_array_equal(archive["vector"], found.vectors)
        assert archive["item"].tolist() == table.column("item").to_pylist()
        assert np.isnan(archive["vector"]).all(axis=1).tolist() == (archive["status"] != "ok").tolist()


def test_nothing_usable_nothing_listed_and_nowhere_to_write(picture_folder: Maker, tmp_path: Path) -> None:
    root = picture_folder(n=8)
    with pytest.raises(DataError, match=r"mine: none of its pictures can be used; .* smaller window than --crop 128"):
        made(domain("mine", mine=root), crop=CropSpec(128))
    (root / "train").mkdir()
    for label in ("real", "fake"):
        (root / label).rename(root / "train" / label)
    with pytest.raises(DataError, match="mine has no picture in the split test; choose another --split"):
        made(domain("mine", mine=root), split="test")
    with pytest.raises(BenchError, match="cannot write .*choose another file with --out"):
        made(domain(), split="test", limit=1).save(Path("/proc/v.parquet"))
