"""One drawing of splits: what the doctor counts per domain, split and class is what a run counts, in every data set."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import Dataset, Item
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.registry import datasets
from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.doctor.inventory import Entry, take_inventories
from trees.more_video_trees import (
    make_celebdf,
    make_dfdc_part,
    make_dfdc_preview,
    make_timit_fakes,
    make_vidtimit,
    write_test_list,
)
from trees.picture_trees import write, write_lmdb
from trees.video_trees import make_dfd, make_ffpp, make_uadfv, prepare_without_pictures

Options = dict[str, Any]
Counts = Counter[tuple[str, str, int]]
JPEG = b"\xff\xd8\xff"  # enough of a picture to be listed


def names(*patterns: str, n: int = 20) -> dict[str, bytes]:
    return {pattern.format(i): b"" for pattern in patterns for i in range(n)}


def fakes(tmp_path: Path) -> str:
    """Two generators without splits, one with, one with reals beside its fakes."""
    write(tmp_path / "fakes", names("ProGAN/{:03d}.png", "SNGAN/{:03d}.png", n=30))
    write(tmp_path / "fakes", names(*(f"ADM/{split}/{{}}.png" for split in ("train", "val", "test")), n=7))
    write(tmp_path / "fakes", names("BigGAN/cat/0_real/{}.png", "BigGAN/cat/1_fake/{}.png", n=25))
    return str(tmp_path / "fakes")


def celeba(tmp_path: Path) -> tuple[Path, Options]:
    numbered = [f"{i:06d}.jpg" for i in range(1, 61)]
    lines = [f"{name} {0 if i < 36 else 1 if i < 48 else 2}" for i, name in enumerate(numbered)]
    root = write(tmp_path / "celeba", {f"img_align_celeba/{name}": b"" for name in numbered})
    return write(root, {"list_eval_partition.txt": "\n".join(lines)}), {"fakes": fakes(tmp_path)}


def ffhq(tmp_path: Path) -> tuple[Path, Options]:
    files = names("thumbnails128x128/{:05d}.png", "thumbnails128x128/6000{}.png", n=9)
    return write(tmp_path / "ffhq", files), {"fakes": fakes(tmp_path)}


def lsun(tmp_path: Path) -> tuple[Path, Options]:
    write_lmdb(tmp_path / "lsun" / "bedroom_train_lmdb", {f"{i:08x}".encode(): JPEG for i in range(25)} | {b"__len__": b"25"})
    return tmp_path / "lsun", {"fakes": fakes(tmp_path)}


def real_faces(tmp_path: Path) -> tuple[Path, Options]:
    return write(tmp_path / "faces", names("muct/i{:03d}qa-fn.jpg", "muct/i{:03d}ra-mn.jpg")), {"fakes": fakes(tmp_path)}


def real_folder(tmp_path: Path) -> tuple[Path, Options]:
    return write(tmp_path / "reals", names("real/{:03d}x.png", "clip/{}.png", n=5)), {}


def faces_hq(tmp_path: Path) -> tuple[Path, Options]:
    parts = names("celebA-HQ_10K/{}.jpg", n=50) | names("Flickr-Faces-HQ_10K/{}.jpg", "100KFake_10K/{}.jpg", n=7)
    return write(tmp_path / "faces_hq", parts), {}


def diffusion(tmp_path: Path) -> tuple[Path, Options]:
    files = names("test/Real/{}.png", "test/ADM/{}.png", "train/ADM/0_real/{}.png", "train/ADM/1_fake/{}.png")
    return write(tmp_path / "diffusion", files | names("val/ADM/cat/nature/{}.png", "val/ADM/cat/ai/{}.png", n=4)), {}


def folder(tmp_path: Path) -> tuple[Path, Options]:
    write(tmp_path / "elsewhere", names("{}.png", n=17))
    root = write(tmp_path / "mine", names("fake/{}.png"))
    (root / "real").symlink_to(tmp_path / "elsewhere")
    return root, {}


def clip_folder(tmp_path: Path) -> tuple[Path, Options]:
    return write(tmp_path / "clips", names("real/{:03d}.mp4", "fake/{:03d}_fake.mp4", "fake/more/{:03d}.mp4", n=15)), {}


def ffpp(tmp_path: Path) -> tuple[Path, Options]:
    return make_dfd(make_ffpp(tmp_path / "ffpp", empty=True)), {}


def uadfv(tmp_path: Path) -> tuple[Path, Options]:
    return make_uadfv(tmp_path / "uadfv", empty=True), {}


def timit(tmp_path: Path) -> tuple[Path, Options]:
    make_vidtimit(tmp_path / "vid")
    return make_timit_fakes(tmp_path / "timit", empty=True), {"vidtimit": str(tmp_path / "vid")}


def celebdf(tmp_path: Path) -> tuple[Path, Options]:
    root = make_celebdf(tmp_path / "celebdf")
    write_test_list(root, "1 Celeb-real/id1_0000.mp4", "0 Celeb-synthesis/id1_id2_0000.mp4")
    return root, {}


def celebdf_by_identity(tmp_path: Path) -> tuple[Path, Options]:
    return celebdf(tmp_path)[0], {"split": "identity"}


def dfdc(tmp_path: Path) -> tuple[Path, Options]:
    make_dfdc_part(tmp_path / "dfdc" / "dfdc_train_part_0", {f"aa{k}": k for k in range(9)})
    return make_dfdc_preview(tmp_path / "dfdc" / "dfdc_preview_set").parent, {}


BUILDERS: Mapping[str, Callable[[Path], tuple[Path, Options]]] = {
    "celeba": celeba,
    "celebdf": celebdf,
    "celebdf by identity": celebdf_by_identity,
    "clip_folder": clip_folder,
    "dfdc": dfdc,
    "diffusion": diffusion,
    "faces_hq": faces_hq,
    "ffhq": ffhq,
    "ffpp": ffpp,
    "folder": folder,
    "lsun": lsun,
    "real_folder": real_folder,
    "real_faces": real_faces,
    "timit": timit,
    "uadfv": uadfv,
}


def counted(entries: Iterable[Entry]) -> Counts:
    return Counter((domain, entry.split, entry.item.label) for entry in entries if entry.used for domain in entry.domains)


def listed(dataset: Dataset) -> Counts:
    """What a run counts: it asks the data set."""
    items: list[tuple[str, Item]] = [(variant, item) for variant in dataset.variants() for item in dataset.items(variant)]
    return Counter((variant, item.split, item.label) for variant, item in items)


def test_no_data_set_is_forgotten() -> None:
    computed = {name for name in datasets.names() if not datasets.get(name).needs_root and name != "folder"}
    assert {name.partition(" ")[0] for name in BUILDERS} | computed == set(datasets.names())


@pytest.mark.parametrize("case", BUILDERS)
def test_the_doctor_counts_what_a_run_counts(case: str, tmp_path: Path) -> None:
    name = case.partition(" ")[0]
    root, options = BUILDERS[case](tmp_path)
    spec = DatasetSpec(name, str(root), options)
    dataset = spec.open(0, 0)
    is_clips = isinstance(dataset, SourceDataset) and dataset.clips
    if is_clips:
        assert isinstance(dataset, SourceDataset)
        prepare_without_pictures(dataset, tmp_path / "prepared")
    drawn = set()
    for seed, replicate in ((0, 0), (0, 1), (3, 0)):
        wanted = listed(spec.open(seed, replicate))
        inventories = take_inventories(name, spec, seed, replicate)
        assert [bool(inventory.place.prepared) for inventory in inventories] == ([False, True] if is_clips else [False])
        assert [counted(inventory.entries) for inventory in inventories] == [wanted] * len(inventories)
        assert not [finding for inventory in inventories for finding in inventory.findings if finding.level == "fault"]
        splits = {entry.item.id: entry.split for entry in inventories[0].entries}
        drawn.add(tuple(sorted(splits.items())))
        run = {item.id: item.split for variant in dataset.variants() for item in spec.open(seed, replicate).items(variant)}
        if not is_clips:
            assert {item_id: split for item_id, split in splits.items() if split} == run
    assert ({label for _, _, label in wanted} == {0, 1}) == (name != "real_folder")  # which has no fakes
    # One is distributed with all of its splits; of the other every picture is a test picture.
    assert (len(drawn) > 1) == (name not in ("diffusion", "real_folder"))


def test_what_is_computed_is_counted_like_a_run() -> None:
    spec = DatasetSpec("procedural", None, {"n_train": 6, "n_val": 4, "n_test": 5})
    (inventory,) = take_inventories("procedural", spec, 1)
    assert counted(inventory.entries) == listed(spec.open(1, 0))


def test_fakes_that_the_splits_leave_out_are_told_as_a_run_tells_them(tmp_path: Path) -> None:
    people = range(40)
    names = [f"real/id{i}_{c:04d}.png" for i in people for c in range(2)]
    names += [f"fake/id{i}_id{(i + step) % 40}_0000.png" for i in people for step in range(1, 21)]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    spec = DatasetSpec("folder", root=str(tmp_path))
    (inventory,) = take_inventories("mine", spec)
    (finding,) = [finding for finding in inventory.findings if finding.kind == "split"]
    dataset = spec.open(0, 0)
    used = {item.id for item in dataset.items("")}
    assert finding.text in dataset.remarks()
    assert finding.text.startswith(f"{len(names) - len(used)} fakes are left out")
    assert [path for path, _ in finding.files] == sorted(set(names) - used)
