"""Contact sheets: pictures of many crops, on which a person checks them at a glance."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ...benchmark.contracts import LABEL_NAMES
from ...benchmark.errors import DataError
from ...benchmark.pictures.crops import decode, in_colour
from ...benchmark.store.files import atomic_path
from ..copies.prepared import Crop, Preparation
from ..copies.survey import Source

SourceCrop = tuple[str, Crop]  # id of the source, and one of its crops

N_CROPS, COLUMNS = 40, 8
CELL, CAPTION, GAP = 160, 34, 10  # pixels
PAPER, INK, FAINT = (250, 250, 250), (30, 30, 30), (120, 120, 120)


@dataclass(frozen=True)
class Tile:
    """
    One crop on a sheet.

    Attributes
    ----------
    picture : array of uint8 (rows, cols, 3)
    lines : tuple of str
        Captions below the crop; the middle of a line that is too long is left out.
    """

    picture: NDArray[np.uint8]
    lines: tuple[str, ...]


def write_contact_sheets(preparation: Preparation, sources: Sequence[Source], seed: int = 0) -> list[Path]:
    """
    Write ``contact-real.png`` and ``contact-fake.png`` into a prepared folder.

    Parameters
    ----------
    preparation : Preparation
    sources : sequence of Source
    seed : int
        Seed of the random choice.

    Returns
    -------
    list of Path
        One for each class that has crops.
    """
    paths = []
    for label, name in enumerate(LABEL_NAMES):
        crops = pick_crops(preparation, [source for source in sources if source.label == label], N_CROPS, seed)
        tiles = [tile for source_crop in crops if (tile := _load(preparation, *source_crop))]
        path = preparation.folder / f"contact-{name}.png"
        if not tiles:
            path.unlink(missing_ok=True)
            continue
        title = f"{preparation.dataset}, {name}: {len(tiles)} crops by chance   ·   {preparation.settings_text}"
        with atomic_path(path) as temporary:
            draw_sheet(tiles, title).save(temporary, "PNG")
        paths.append(path)
    return paths


def pick_crops(preparation: Preparation, sources: Sequence[Source], n: int, seed: int) -> list[SourceCrop]:
    """
    Choose crops at random, spread evenly over the domains and, within a domain, over its sources.

    No source gives a second crop before every other source of its domains has given one.

    Returns
    -------
    list of (source id, Crop), at most `n`, in the order of the data set
    """
    strata: dict[tuple[str, ...], list[Iterator[SourceCrop]]] = {}
    for source in sorted(sources, key=lambda source: _rank(seed, source.id)):
        strata.setdefault(source.domains, []).append(_shuffled(preparation, source.id, seed))
    queues = [_round_robin(members) for _, members in sorted(strata.items())]
    return sorted(islice(_round_robin(queues), n), key=lambda source_crop: (source_crop[0], source_crop[1].frame))


def _shuffled(preparation: Preparation, source_id: str, seed: int) -> Iterator[SourceCrop]:
    """Yield the crops of one source in random order; its record is read when the first one is asked for."""
    record = preparation.record(source_id)
    crops = record.crops if record else ()
    for crop in random.Random(_rank(seed, source_id)).sample(crops, len(crops)):
        yield source_id, crop


def _round_robin(queues: Sequence[Iterator[SourceCrop]]) -> Iterator[SourceCrop]:
    """Yield one crop of each queue, then a second one of each, and so on until all are empty."""
    active = list(queues)
    while active:
        nonempty = []
        for queue in active:
            crop = next(queue, None)
            if crop is not None:
                nonempty.append(queue)
                yield crop
        active = nonempty


def _rank(seed: int, name: str) -> str:
    """Return a sort key that is random and the same in every run."""
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()


def _load(preparation: Preparation, source_id: str, crop: Crop) -> Tile | None:
    try:
        picture = decode(preparation.read(f"{source_id}/{crop.file}"), colour=True)
    except (DataError, OSError):  # damaged crops are found and reported by `bench data doctor`
        return None
    return Tile(picture, (source_id, f"frame {crop.frame}   {crop.cols}x{crop.rows}"))


def draw_sheet(tiles: Sequence[Tile], title: str) -> Image.Image:
    """
    Draw crops in rows, each with its captions below.

    Crops that are larger than a cell are shrunk; smaller ones keep their size.

    Parameters
    ----------
    tiles : sequence of Tile
        At least one.
    title : str

    Returns
    -------
    PIL image, RGB
    """
    columns = min(COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    width = max(columns, 4) * (CELL + GAP) + GAP
    sheet = Image.new("RGB", (width, 2 * GAP + 20 + rows * (CELL + CAPTION + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    head, small = ImageFont.load_default(15), ImageFont.load_default(11)
    draw.text((GAP, GAP), _shortened(title, head, width - 2 * GAP), INK, head)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        x, y = GAP + column * (CELL + GAP), 2 * GAP + 20 + row * (CELL + CAPTION + GAP)
        picture = Image.fromarray(in_colour(tile.picture))
        picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        sheet.paste(picture, (x, y + CELL - picture.height))
        for k, line in enumerate(tile.lines):
            draw.text((x, y + CELL + 3 + 14 * k), _shortened(line, small, CELL), FAINT if k else INK, small)
    return sheet


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Leave out the middle of a text that is wider than `width` pixels."""
    length = len(text)
    shortened = text
    while font.getlength(shortened) > width and length > 2:
        length -= 1
        shortened = f"{text[: length // 2]}…{text[len(text) - (length - length // 2) :]}"
    return shortened
