"""LSUN: scenes, reals only, from the lmdb databases in which they are distributed or from exported pictures."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..benchmark.contracts import REAL, Shown
from ..benchmark.errors import DataError, unknown_name
from ..benchmark.invocation import try_import
from ..benchmark.pictures.crops import HEAD, decode, is_picture, open_picture
from .copies.reals import RealDataset, TreeWithFakes, add_notes, as_bmp, first_trouble, iter_pictures
from .copies.survey import Source, Survey
from .copies.tree import Tree, child_key, split_archive

if TYPE_CHECKING:
    import lmdb

DATABASE = "data.mdb"
DEPTH = 2  # folders between the root and a database, at most
METADATA = re.compile(
    r"__\w+__|(n|num|number)[-_ ](of[-_ ])?\w+|len(gth)?|size|keys?|protocol|meta([-_ ]?\w+)?|info|version|classes"
)
FOLDER_NAME = re.compile(r"(?P<category>.+?)(_(?P<part>train|val))?(_lmdb)?")
CROPS = ("square", "faithful", "none")
STRIP_SIDE = 128  # pixels


@dataclass(eq=False, repr=False)
class LSUN(RealDataset):
    """
    Scenes of LSUN, split by rule: the records of all databases are drawn from alike.

    LSUN's own validation part has 300 pictures a category, too few to be kept apart.

    Parameters
    ----------
    root, seed, replicate, follow_links, fakes
        See `RealDataset`.
    category : str
        For example ``bedroom``; empty for all that are there.
    crop : {"square", "faithful", "none"}
        ``square``: the square of the shorter side in the middle. ``faithful``: the strip of the program of arXiv 2003.08685,
        as wide as the longer side exceeds the shorter, stretched to 128x128; for comparison only, since it stretches the
        reals and not the fakes. ``none``: the whole picture.
    size : int
        Side in pixels that the square is resized to (Lanczos); 0 keeps its pixels. Resampling leaves a trace.
    limit : int
        Records taken of a database, the first by key, which is a hash; or pictures taken of all that were exported.
    """

    name = "lsun"
    source = "Yu et al., 2015, arXiv:1506.03365"
    licence = "none stated; used in research"
    obtain = "https://github.com/fyu/lsun (download.py), one lmdb per category; unpack it"
    layout = "bedroom_train_lmdb/data.mdb, bedroom_val_lmdb/data.mdb; or a folder of exported pictures"
    what = "LSUN (folders such as bedroom_train_lmdb/ with data.mdb, or exported pictures)"
    shown = Shown.WHOLE
    extra = "lsun"  # asked for when a database is opened; exported pictures need nothing

    category: str = ""
    crop: str = "square"
    size: int = 0
    limit: int = 50_000

    # --- the survey --------------------------------------------------------------------------------------------------

    def survey_reals(self, tree: Tree) -> Survey:
        self._check_parameters()
        if DATABASE in tree.files():
            raise DataError(f"{tree.root} is a database of LSUN; give the folder above: {tree.root.resolve().parent}.")
        databases = list(iter_databases(tree))
        survey = self._survey_databases(tree, databases) if databases else self._survey_exported(tree)
        if self.crop == "faithful":
            return add_notes(survey, "reals are the published strips, stretched to 128x128; fakes are not")
        return add_notes(survey, f"reals are resized to {self.size}x{self.size} (Lanczos)") if self.size else survey

    def _survey_databases(self, tree: Tree, databases: Sequence[str]) -> Survey:
        categories = sorted({category_of(place) for place in databases})
        category = child_key(self.category)
        if category and category not in categories:
            raise DataError(unknown_name(f"category of {self.name} in {tree.root}", self.category, categories))
        chosen = [place for place in databases if category_of(place) == category or not (category or _is_test(tree, place))]
        sources: list[Source] = []
        notes: list[str] = []
        troubles: list[str] = []
        for place in chosen:
            try:
                records = list_records(tree.path(place) / DATABASE, self.limit)
            except DataError as error:
                troubles.append(str(error))
                tree.report(place, "unreadable", troubles[-1])
                continue
            usable = _usable(tree, place, [*records.pictures, *records.others])
            sources += [Source(f"{place}/{key_text(key)}", "still", REAL, ("",)) for key in records.pictures if key in usable]
            report_others(tree, place, records)
            n_left = records.total - len(records.pictures) - len(records.others)
            if n_left:
                shown = f"the first {len(records.pictures):,} of {records.total - len(records.others):,} records"
                notes.append(f"{place}: {shown} by key (limit={self.limit})")
        if not sources:
            passed = [f"{trouble.path} {trouble.detail}" for trouble in tree.troubles if trouble.path.startswith(tuple(chosen))]
            empty = f"{', '.join(chosen) or tree.root} holds no record that is a picture."
            raise DataError(f"{self.name}: " + (troubles[0] if troubles else " ".join([empty, *passed[:1]])))
        if len({category_of(place) for place in chosen}) > 1:
            notes.append(f"categories are mixed: {', '.join(categories)}; category=NAME takes one")
        missing = [f"{c}_train_lmdb" for c in categories if c in map(category_of, chosen) and not _has_train(c, databases)]
        return Survey(tuple(sources), tuple(missing), (), tuple(notes))

    def _survey_exported(self, tree: Tree) -> Survey:
        category = child_key(self.category)
        paths = (path for path in iter_pictures(tree) if not category or category in map(category_of, path.split("/")[:-1]))
        chosen = list(islice(paths, self.limit + 1))
        if not chosen:
            names = ", ".join([*tree.folders(), *tree.files()][:8]) or "nothing"
            where = f" in a folder {self.category}/" if category else ""
            raise DataError(f"{tree.root} does not hold {self.what}{where}; found: {names}{first_trouble(tree)}.")
        notes = ["pictures were exported from LSUN; if they were written anew they carry the trace of another codec"]
        if len(chosen) > self.limit:
            notes.append(f"the first {self.limit:,} pictures by path; there are more (limit={self.limit})")
        sources = tuple(Source(path, "still", REAL, ("",)) for path in chosen[: self.limit])
        return Survey(sources, (), (), tuple(notes))

    def _check_parameters(self) -> None:
        if self.crop not in CROPS:
            raise DataError(unknown_name(f"crop of {self.name}", self.crop, CROPS))
        if self.limit < 1:
            raise DataError(f"{self.name}: limit is at least 1, got {self.limit}.")
        if self.size < 0 or (self.size and self.crop != "square"):
            raise DataError(f"{self.name}: size is 0 or, with crop=square, a side in pixels; got {self.size} with {self.crop}.")

    # --- reading -----------------------------------------------------------------------------------------------------

    def read_real(self, source_id: str) -> bytes:
        self._check_parameters()
        data = super().read_real(source_id)
        if self.crop == "none":
            return data
        picture = decode(data, colour=True)
        return as_bmp(strip(picture) if self.crop == "faithful" else square(picture, self.size))

    @cached_property
    def tree(self) -> Tree:
        """The files below the root, the records of the databases, and the fakes."""
        return RecordTree(self.folder, self.follow_links, None if self.fakes is None else self.fake_tree)

    def format_of(self, source: Source) -> str:
        """Return the file format, by name, or of the first record of the same database."""
        place = source.id.rpartition("/")[0]
        if place not in self._formats:
            by_name = super().format_of(source)
            if by_name:
                return by_name
            self._formats[place] = picture_format(self.tree.read(source.id))
        return self._formats[place]

    @cached_property
    def _formats(self) -> dict[str, str]:
        return {}


# --- crops -----------------------------------------------------------------------------------------------------------


def square(picture: NDArray[np.uint8], size: int = 0) -> NDArray[np.uint8]:
    """
    Cut the square of the shorter side out of the middle.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)
    size : int
        Side that it is resized to, in pixels; 0 keeps its pixels.

    Returns
    -------
    array of uint8 (side, side, 3)
    """
    rows, cols = picture.shape[:2]
    side = min(rows, cols)
    top, left = (rows - side) // 2, (cols - side) // 2
    cut = np.ascontiguousarray(picture[top : top + side, left : left + side])
    if size in (0, side):
        return cut
    return np.asarray(Image.fromarray(cut).resize((size, size), Image.Resampling.LANCZOS))


def strip(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Cut and stretch as the program of arXiv 2003.08685 does: a strip from the middle, not a square.

    Its width is that by which the longer side exceeds the shorter, rounded down to an even number; it is resized to 128x128
    linearly after a Gaussian blur of (factor - 1) / 2 pixels along each axis that shrinks, and truncated to whole levels.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)

    Returns
    -------
    array of uint8 (128, 128, 3)

    Raises
    ------
    DataError
        If the sides differ by one pixel, which leaves no strip.
    """
    from scipy import ndimage

    rows, cols = picture.shape[:2]
    half = abs(cols - rows) // 2
    if rows == cols:
        cut = picture
    elif not half:
        raise DataError(f"{cols}x{rows} pixels leave no strip, which crop=faithful needs; take crop=square.")
    elif cols > rows:
        cut = picture[:, cols // 2 - half : cols // 2 + half]
    else:
        cut = picture[rows // 2 - half : rows // 2 + half]
    factors = np.array(cut.shape[:2]) / STRIP_SIDE
    blurred = ndimage.gaussian_filter(cut.astype(float), (*np.maximum(0, (factors - 1) / 2), 0), mode="mirror")
    zoomed = ndimage.zoom(blurred, (*(1 / factors), 1), order=1, mode="mirror", grid_mode=True)
    return np.asarray(zoomed).clip(0, 255).astype(np.uint8)


# --- databases -------------------------------------------------------------------------------------------------------


class RecordTree(TreeWithFakes):
    """A folder in which the records of a database are read like files: ``bedroom_train_lmdb/KEY``."""

    def read(self, place: str) -> bytes:
        folder, _, key = place.rpartition("/")
        database = self.path(folder) / DATABASE
        if not folder or ".." in PurePosixPath(folder).parts or not database.is_file():
            return super().read(place)
        return read_record(database, key)


def iter_databases(tree: Tree, place: str = "", depth: int = DEPTH) -> Iterator[str]:
    """Yield the ids of the folders that hold a database; report those in archives."""
    for folder in tree.folders(place):
        if f"{folder}/{DATABASE}" not in tree.files(folder):
            if depth:
                yield from iter_databases(tree, folder, depth - 1)
        elif archive := split_archive(folder)[0]:
            tree.report(archive, "packed", "holds a database, which cannot be read from an archive; unpack it beside itself.")
        else:
            yield folder


def category_of(place: str) -> str:
    """
    Return the category in a folder's name; empty if there is none.

    >>> category_of("scenes/church_outdoor_train_lmdb"), category_of("Bedroom_val"), category_of("bedroom")
    ('church_outdoor', 'bedroom', 'bedroom')
    """
    match = FOLDER_NAME.fullmatch(child_key(place.rpartition("/")[2]))
    return match["category"] if match else ""


def _has_train(category: str, places: Sequence[str]) -> bool:
    """Return whether the copy has more than the validation part of a category."""
    names = (FOLDER_NAME.fullmatch(child_key(place.rpartition("/")[2])) for place in places)
    return any(name and name["category"] == category and name["part"] != "val" for name in names)


def _is_test(tree: Tree, place: str) -> bool:
    """Return whether a database is LSUN's test part, which mixes the categories, and report it."""
    if category_of(place) != "test":
        return False
    tree.report(place, "unknown", "mixes all categories and is passed over; category=test takes it.")
    return True


def _usable(tree: Tree, place: str, keys: Sequence[bytes]) -> set[bytes]:
    """Return the keys that can be part of an id; report the others."""
    bad = sorted(key for key in keys if not key_text(key))
    if bad:
        tree.report(place, "bad_entry", f"{len(bad):,} records have keys that are no names (first: {bad[0]!r}); passed over.")
    return set(keys) - set(bad)


def key_text(key: bytes) -> str:
    """
    Decode a key; empty if it is no text or could be a path to another place.

    >>> key_text(b"0a1b"), key_text(b"../0a1b"), key_text(bytes([255]))
    ('0a1b', '', '')
    """
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() and ".." not in text and not re.search(r"[/\\]|^\.$", text) else ""


@dataclass(frozen=True)
class Records:
    """
    The records of a database.

    Attributes
    ----------
    pictures : list of bytes
        Keys of the first records that begin as pictures do, sorted.
    others : list of bytes
        Keys of the records among those that hold something else.
    total : int
        Number of all records.
    """

    pictures: list[bytes]
    others: list[bytes]
    total: int


def list_records(path: Path, limit: int) -> Records:
    """
    List the first pictures of a database; of each record the first bytes are read.

    Parameters
    ----------
    path : Path
        Its ``data.mdb``.
    limit : int
        Most pictures to list.

    Returns
    -------
    Records

    Raises
    ------
    DataError
        If it cannot be read.
    """
    environment = open_database(path)
    pictures: list[bytes] = []
    non_pictures: list[bytes] = []
    with _database_errors(path), environment.begin(buffers=True) as transaction:
        for key, value in transaction.cursor():
            if len(pictures) == limit:
                break
            (pictures if is_picture(bytes(value[:HEAD])) else non_pictures).append(bytes(key))
        return Records(pictures, non_pictures, transaction.stat()["entries"])


def report_others(tree: Tree, place: str, records: Records) -> None:
    """Report the records of a database that hold no picture: notes on the database itself, and what is damaged."""
    texts = [text for text in map(key_text, records.others) if text]
    notes = [text for text in texts if METADATA.fullmatch(text.lower())]
    damaged = [text for text in texts if text not in set(notes)]
    if damaged:
        detail = f"and {len(damaged) - 1:,} more records hold" if len(damaged) > 1 else "holds"
        tree.report(f"{place}/{damaged[0]}", "unreadable", f"{detail} no picture; passed over.")
    if notes:
        detail = f"and {len(notes) - 1:,} more records describe" if len(notes) > 1 else "describes"
        tree.report(f"{place}/{notes[0]}", "unknown", f"{detail} the database, not a picture.")


def read_record(path: Path, key: str) -> bytes:
    """
    Return the value of a record.

    Raises
    ------
    FileNotFoundError
        If there is none of that key.
    DataError
        If the database cannot be read.
    """
    environment = open_database(path)
    with _database_errors(path), environment.begin() as transaction:
        value = transaction.get(key.encode())
    if value is None:
        raise FileNotFoundError(2, "No such record", f"{path}: {key}")
    return value


def open_database(path: Path) -> "lmdb.Environment":
    """
    Open a database for reading, once per process; it is not locked, so that it may lie on a disk that cannot be written to.

    Raises
    ------
    DataError
        If the library is missing, or the file is no database or not all of one.
    """
    with try_import("lsun", f"reading {path}", "export the pictures to a folder"):
        import lmdb  # noqa: F401
    with _database_errors(path):
        return _environment(str(path), os.getpid())


@lru_cache(maxsize=16)
def _environment(path: str, process: int) -> "lmdb.Environment":
    """Open a database, once per process: a handle that another process opened must not be used after a fork."""
    import lmdb

    if not Path(path).stat().st_size:
        raise DataError(f"{path} is empty (0 bytes); get it again.")
    environment = lmdb.open(path, subdir=False, readonly=True, lock=False, readahead=False, max_spare_txns=1)
    # The file is mapped into memory: reading behind its end would end this process without a word.
    n_bytes, needed = Path(path).stat().st_size, (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if n_bytes < needed:
        environment.close()
        raise DataError(f"{path} is cut off: {n_bytes:,} of {needed:,} bytes are there; get it again.")
    return environment


@contextmanager
def _database_errors(path: Path) -> Iterator[None]:
    """Turn errors of the library and of the disk into a `DataError` that names the database."""
    import lmdb

    try:
        yield
    except (lmdb.Error, OSError) as error:
        detail = str(error).removeprefix(f"{path}: ")
        raise DataError(f"{path} is no lmdb database that can be read ({detail}); get it again.") from error


def picture_format(data: bytes) -> str:
    """Return the format of a picture file (``JPEG``); empty if it is no picture."""
    try:
        with open_picture(data, load=False) as picture:
            return {"WEBP": "WebP"}.get(picture.format or "", picture.format or "")
    except DataError:
        return ""
