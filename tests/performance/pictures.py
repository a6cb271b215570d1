"""Folders of JPEG files to measure on, made from the procedural data set."""

from pathlib import Path

from bandbench.datasets.procedural import Procedural


def make_folder(folder: Path, n: int, side: int, distinct: int = 2000) -> Path:
    """
    Write n pictures, half of them fake.

    Beyond `distinct` pictures the same ones come again, each with a byte of its own behind its end, so that no two files are
    equal and every one has to be decoded.
    """
    if (folder / "done").exists():
        return folder
    n_distinct = min(n, distinct)
    dataset = Procedural(n_train=n_distinct // 2, n_val=2, n_test=2, side=side)
    items = [item for item in dataset.items("planted") if item.split == "train"]
    for name in ("real", "fake"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, item in enumerate(items):
        data = dataset.read(item)
        for copy in range(-(-(n - number) // n_distinct)):
            path = folder / ("real", "fake")[item.label] / f"{number + copy * n_distinct:06d}.jpg"
            path.write_bytes(data + (copy.to_bytes(4, "big") if copy else b""))
    (folder / "done").touch()
    return folder
