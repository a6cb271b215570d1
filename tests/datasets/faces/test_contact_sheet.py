"""Contact sheets: which crops they show, and that these are what is seen."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.store.files import write_json
from bandbench.datasets.copies.prepared import SOURCE, Crop, Origin, Preparation, SourceRecord
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.faces.contact_sheet import CELL, COLUMNS, N_CROPS, Tile, draw_sheet, pick_crops, write_contact_sheets
from bandbench.datasets.faces.cut import as_png


def filled(folder: Path, n_sources: int, n_crops: int = 3) -> tuple[Preparation, list[Source]]:
    """Reals in red in two domains of unequal size, fakes in blue, and one source that gave nothing."""
    sources = [
        Source(f"{c}/{i:02d}.mp4", "clip", int(c == "fake"), ("b" if i else "a",))
        for c in ("fake", "real")
        for i in range(n_sources)
    ]
    preparation = Preparation.create(folder, Origin("clips", folder), 1, Settings(), Survey(tuple(sources)).as_dict())
    for source in sources:
        place = preparation.source_folder(source.id)
        place.mkdir(parents=True)
        picture = np.zeros((40, 30, 3), dtype=np.uint8)
        picture[..., 2 if source.label else 0] = 255
        crops = []
        for frame in range(n_crops if source.id != "real/01.mp4" else 0):
            (place / f"{frame:06d}.png").write_bytes(as_png(picture))
            crops.append(Crop(f"{frame:06d}.png", frame, 0.0, (0, 0, 30, 40), 0.5, (), "", 40, 30))
        write_json(place / SOURCE, asdict(SourceRecord(source.id, "ok" if crops else "no_face", crops=tuple(crops))))
    return preparation, sources


def test_no_source_gives_a_second_crop_before_every_other_of_its_domain(tmp_path: Path) -> None:
    preparation, sources = filled(tmp_path / "out", 6)
    reals = [source for source in sources if source.label == 0]
    chosen = pick_crops(preparation, reals, 7, seed=0)
    counts = {source.id: sum(place[0] == source.id for place in chosen) for source in reals}
    assert counts["real/00.mp4"] == 3, "the only one of its domain"
    assert counts["real/01.mp4"] == 0 and all(n == 1 for i, n in counts.items() if i > "real/01.mp4")
    assert chosen == pick_crops(preparation, reals[::-1], 7, seed=0) == sorted(chosen, key=lambda p: (p[0], p[1].frame))
    assert chosen != pick_crops(preparation, reals, 7, seed=1)
    assert len(pick_crops(preparation, reals, 100, seed=0)) == 15, "all there are, each once"


def test_a_sheet_shows_its_class(tmp_path: Path) -> None:
    preparation, sources = filled(tmp_path / "out", 3)
    paths = write_contact_sheets(preparation, sources)
    assert [path.name for path in paths] == ["contact-real.png", "contact-fake.png"]
    for path, channel, n in zip(paths, (0, 2), (6, 9), strict=True):
        sheet = np.asarray(Image.open(path).convert("RGB")).astype(int)
        pure = (sheet[..., channel] == 255) & (sheet.sum(axis=2) == 255)
        assert pure.sum() == n * 40 * 30, "every crop, with the size that it has"
    first = paths[0].read_bytes()
    assert write_contact_sheets(preparation, sources)[0].read_bytes() == first


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    preparation, sources = filled(tmp_path / "out", 2, n_crops=1)
    (preparation.source_folder("fake/00.mp4") / "000000.png").write_bytes(b"")
    (preparation.source_folder("real/00.mp4") / "000000.png").unlink()
    assert [path.name for path in write_contact_sheets(preparation, sources)] == ["contact-fake.png"]


@pytest.mark.parametrize("shape", [(400, 300), (90, 90), (20, 700)])
@pytest.mark.parametrize("n", [1, COLUMNS + 1, N_CROPS])
def test_any_number_of_crops_of_any_shape(shape: tuple[int, int], n: int) -> None:
    picture = np.full((*shape, 3), 7, dtype=np.uint8)
    sheet = draw_sheet([Tile(picture, ("a/very/long/path/" * 9 + "clip.mp4", "frame 1"))] * n, "title " * 60)
    rows = -(-n // COLUMNS)
    assert rows * CELL < sheet.height < rows * CELL * 1.4 + 60
    seen = np.asarray(sheet)
    scale = min(1, CELL / max(shape))
    assert (seen == 7).all(axis=2).sum() == pytest.approx(n * round(shape[0] * scale) * round(shape[1] * scale), rel=0.1)
    assert (seen[:, -8:] > 200).all(), "nothing is written over the edge"
