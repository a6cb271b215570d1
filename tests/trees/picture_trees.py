"""Collections of pictures in miniature, laid out as they are distributed."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bandbench.benchmark.contracts import Dataset, Item
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.testing import check_dataset
from conftest import noise_picture, run, small_study

BOOST = 1.6  # of fakes, between 0.2 and 0.3 cycles/pixel: see `noise_picture`


def picture(seed: int, rows: int = 64, cols: int = 64, boost: float = 1.0) -> np.ndarray:
    """Grey picture of 1/f noise, uint8 (rows, cols)."""
    return noise_picture(seed, max(rows, cols), boost)[:rows, :cols]


def encoded(array: np.ndarray, suffix: str = ".png") -> bytes:
    """A picture as a file's content."""
    out = io.BytesIO()
    Image.fromarray(array).save(out, {".png": "PNG", ".webp": "WEBP"}.get(suffix.lower(), "JPEG"))
    return out.getvalue()


def write(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files by their path below a root."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive whose entries have any names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def pictures(names: Iterable[str], rows: int = 64, cols: int = 64, boost: float = 1.0, seed: int = 0) -> dict[str, bytes]:
    """Different pictures under some names; the suffix tells the format."""
    return {name: encoded(picture(seed + i, rows, cols, boost), Path(name).suffix) for i, name in enumerate(names)}


def write_fakes(
    folder: Path, generators: Iterable[str] = ("ProGAN",), n: int = 20, side: int = 64, suffix: str = ".png"
) -> Path:
    """A folder of fakes with a sub-folder per generator."""
    for k, generator in enumerate(generators):
        names = [f"{generator}/{i:06d}{suffix}" for i in range(n)]
        write(folder, pictures(names, side, side, BOOST, seed=10_000 + 1000 * k))
    return folder


def write_lmdb(folder: Path, records: Mapping[bytes, bytes]) -> Path:
    """A true database in the folder that LSUN's archives unpack to."""
    import lmdb

    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=2**26) as environment, environment.begin(write=True) as transaction:
        for key, value in records.items():
            transaction.put(key, value)
    return folder


def by_split(items: Iterable[Item], label: int) -> dict[str, int]:
    """How many items of a label each split has."""
    counts: dict[str, int] = {}
    for item in items:
        if item.label == label:
            counts[item.split] = counts.get(item.split, 0) + 1
    return counts


def said(dataset: Dataset) -> str:
    """Everything that a row would say of a copy, as one text."""
    facts = dataset.facts()
    return "; ".join([*facts["missing"], *facts["notes"]])


def troubles(dataset: Any) -> str:
    """Everything that was passed over, as one text."""
    return "; ".join(f"{t.path}: {t.status}: {t.detail}" for t in dataset.surveyed.troubles)


def failed_checks(name: str, root: Path, **options: Any) -> dict[str, str]:
    """What of the contract a data set does not keep."""
    results = check_dataset(DatasetSpec(name, str(root), options))
    return {result.name: result.detail for result in results if not result.ok}


def auc_of_one_cell(name: str, variant: str, root: Path, **options: Any) -> float:
    """Fit a spectral SVM on a domain, the whole spectrum and no search, and score its test pictures."""
    domain = f"{name}/{variant}" if variant else name
    study = small_study(
        train=[domain], test=[domain], sweep=None, search={"trials": 0}, datasets={name: options} if options else {}
    )
    outcome = run(study, {name: root})
    assert outcome.complete
    return outcome.rows[0].in_domain_auc
