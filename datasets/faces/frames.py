"""Frames of a source: a clip, a folder of frames or a still."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...benchmark.errors import DataError
from ...benchmark.pictures import crops as images
from ...benchmark.pictures.video import Frame, FrameReport, Frames, choose_numbers, clip_reader
from ..copies.settings import Settings
from ..copies.survey import Source
from ..copies.tree import Tree, natural_key, split_archive, suffix_of

Reader = Callable[[str], bytes]


def iter_source_frames(tree: Tree, source: Source, settings: Settings, read: Reader | None = None) -> Frames:
    """
    Yield frames of a source, one at a time.

    Parameters
    ----------
    tree : Tree
        Of the data set's root.
    source : Source
        A ``clip`` may lie in an archive. ``frames`` is a folder, see `list_frames`. A ``still`` is one frame.
    settings : Settings
        Only `frames`, `every` and `decoder` are used.
    read : callable, optional
        Function from an id to the bytes of a picture file, such as `SourceDataset.read_still`; `Tree.read` by default.

    Returns
    -------
    Frames
        An iterator with a `report`. Frames of a folder are numbered by their position in it, decodable or not.

    Raises
    ------
    DataError
        If nothing of the source can be decoded; when the first frame is asked for.
    """
    if source.kind == "clip":
        return Frames(lambda report: _clip(tree, source.id, settings, report))
    if source.kind == "frames":
        files = list_frames(tree, source.id)
        return Frames(lambda report: _pictures(files, settings, read or tree.read, report))
    return Frames(lambda report: _pictures([source.id], Settings(frames=1), read or tree.read, report))


def list_frames(tree: Tree, folder: str) -> list[str]:
    """
    List the ids of the pictures in a folder of frames, in natural order (2 before 10).

    If no file has the suffix of a picture, files without a suffix count as pictures, as VidTIMIT distributes them.

    Parameters
    ----------
    tree : Tree
    folder : str
        Id of the folder.
    """
    return sorted(tree.files(folder, images.SUFFIXES) or tree.files(folder, ("",)), key=natural_key)


def _clip(tree: Tree, source_id: str, settings: Settings, report: FrameReport) -> Iterator[Frame]:
    with _on_disk(tree, source_id) as path:
        yield from clip_reader(path, settings.frames, settings.every, settings.decoder)(report)


@contextmanager
def _on_disk(tree: Tree, source_id: str) -> Iterator[Path]:
    """Yield the path of a file; a file in an archive is extracted for the time of the block."""
    path = tree.path(source_id)
    if path.exists() or not split_archive(source_id)[0]:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{suffix_of(source_id)}"
        tree.extract(source_id, path)
        yield path


def _pictures(files: list[str], settings: Settings, read: Reader, report: FrameReport) -> Iterator[Frame]:
    report.total, failures = len(files), []
    chosen = choose_numbers(len(files), settings.frames, settings.every).tolist()
    for number in chosen:
        try:
            picture = images.decode(read(files[number]), colour=True)
        except (DataError, OSError) as error:
            failures.append(f"{files[number].rpartition('/')[2]}: {error}")
            continue
        yield Frame(number, 0.0, picture)
    if not report.looked_at:
        raise DataError(failures[0] if failures else "the folder holds no picture.")
    if failures:
        report.notes.append(f"{len(failures)} of {len(chosen)} pictures do not decode ({failures[0]})")
