"""A picture of many crops, for a look at what was cut out."""

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

Place = tuple[str, Crop]  # id of the source, and one of its crops

N_CROPS, COLUMNS = 40, 8
CELL, CAPTION, GAP = 160, 34, 10  # pixels
PAPER, INK, FAINT = (250, 250, 250), (30, 30, 30), (120, 120, 120)


@dataclass(frozen=True)
class Shown:
    """
    One crop on a sheet.

    Attributes
    ----------
    picture : array of uint8 (rows, cols, 3)
    lines : tuple of str
        Below it; too long ones lose their middle.
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
        Of the choice.

    Returns
    -------
    list of Path
        One for each class that has crops.
    """
    found = []
    for label, name in enumerate(LABEL_NAMES):
        places = pick_crops(preparation, [source for source in sources if source.label == label], N_CROPS, seed)
        shown = [one for place in places if (one := _load(preparation, *place))]
        path = preparation.folder / f"contact-{name}.png"
        if not shown:
            path.unlink(missing_ok=True)
            continue
        title = f"{preparation.dataset}, {name}: {len(shown)} crops by chance   ·   {preparation.settings_text}"
        with atomic_path(path) as temporary:
            draw_sheet(shown, title).save(temporary, "PNG")
        found.append(path)
    return found


def pick_crops(preparation: Preparation, sources: Sequence[Source], n: int, seed: int) -> list[Place]:
    """
    Choose crops by chance, spread over the domains, then over the sources: no source gives a second one before every other
    of its domains has given one.

    Returns
    -------
    list of (source id, Crop), at most `n`, in the order of the data set
    """
    strata: dict[tuple[str, ...], list[Iterator[Place]]] = {}
    for source in sorted(sources, key=lambda source: _rank(seed, source.id)):
        strata.setdefault(source.domains, []).append(_shuffled(preparation, source.id, seed))
    turns = [_in_turn(members) for _, members in sorted(strata.items())]
    return sorted(islice(_in_turn(turns), n), key=lambda place: (place[0], place[1].frame))


def _shuffled(preparation: Preparation, source_id: str, seed: int) -> Iterator[Place]:
    """Crops of one source; its record is read when the first is asked for."""
    record = preparation.record(source_id)
    crops = record.crops if record else ()
    for crop in random.Random(_rank(seed, source_id)).sample(crops, len(crops)):
        yield source_id, crop


def _in_turn(queues: Sequence[Iterator[Place]]) -> Iterator[Place]:
    """Take one of each, then a second one of each, and so on until all are empty."""
    waiting = list(queues)
    while waiting:
        left = []
        for queue in waiting:
            taken = next(queue, None)
            if taken is not None:
                left.append(queue)
                yield taken
        waiting = left


def _rank(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()


def _load(preparation: Preparation, source_id: str, crop: Crop) -> Shown | None:
    try:
        picture = decode(preparation.read(f"{source_id}/{crop.file}"), colour=True)
    except (DataError, OSError):  # a sheet is for a look; what is wrong with files is told elsewhere
        return None
    return Shown(picture, (source_id, f"frame {crop.frame}   {crop.cols}x{crop.rows}"))


def draw_sheet(shown: Sequence[Shown], title: str) -> Image.Image:
    """
    Draw crops in rows, each with its lines below.

    Crops that are larger than a cell are made smaller here, for the eye; those that are smaller keep their size.

    Parameters
    ----------
    shown : sequence of Shown
        At least one.
    title : str

    Returns
    -------
    PIL image, RGB
    """
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    width = max(columns, 4) * (CELL + GAP) + GAP
    sheet = Image.new("RGB", (width, 2 * GAP + 20 + rows * (CELL + CAPTION + GAP)), PAPER)
    draw = ImageDraw.Draw(sheet)
    head, small = ImageFont.load_default(15), ImageFont.load_default(11)
    draw.text((GAP, GAP), _fitting(title, head, width - 2 * GAP), INK, head)
    for number, one in enumerate(shown):
        row, column = divmod(number, columns)
        left, top = GAP + column * (CELL + GAP), 2 * GAP + 20 + row * (CELL + CAPTION + GAP)
        tile = Image.fromarray(in_colour(one.picture))
        tile.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        sheet.paste(tile, (left, top + CELL - tile.height))
        for k, line in enumerate(one.lines):
            draw.text((left, top + CELL + 3 + 14 * k), _fitting(line, small, CELL), FAINT if k else INK, small)
    return sheet


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Leave out the middle of a text that is wider than `width` pixels."""
    keep = len(text)
    shown = text
    while font.getlength(shown) > width and keep > 2:
        keep -= 1
        shown = f"{text[: keep // 2]}…{text[len(text) - (keep - keep // 2) :]}"
    return shown
