"""Score tables of frames to score tables of clips."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..benchmark.errors import DataError
from ..benchmark.results.scores import SCORE_SCHEMA, ok_rows

WHOSE = ["domain", "split", "label", "group", "target", "donor", "video"]  # what all frames of a clip agree in


def pooled_by_clip(table: pa.Table) -> pa.Table:
    """
    Mean score of each clip.

    A name alone names no clip: ``Deepfakes/000``, ``FaceSwap/000`` and ``original/000`` share the folder name 000, and a table
    that is pooled by it averages four manipulations, and reals with fakes. Frames belong to one clip if they agree in domain,
    split, label, group, target, donor and ``video`` *and* in the folder that their ids name. Where there is no ``video`` but
    a ``target``, the pictures of a person in one folder are a clip; where there is neither, every picture is its own.

    Parameters
    ----------
    table : Table
        In `SCORE_SCHEMA`; scores of rows whose status is not ``ok`` do not count.

    Returns
    -------
    Table
        In `SCORE_SCHEMA`, clips in the order of their first frames: ``item`` is the folder and the clip, ``status`` is
        ``ok`` if any frame has a score, else ``missing``, and ``detail`` says how many frames have one if not all do.

    Raises
    ------
    DataError
        If a column is missing.
    """
    if missing := [name for name in SCORE_SCHEMA.names if name not in table.column_names]:
        raise DataError(f"pooling by clip needs the columns {SCORE_SCHEMA.names}, got a table without {missing}.")
    clips, clip_of = _clips(table)
    ok = ok_rows(table)
    scores = table["score"].to_numpy(zero_copy_only=False).astype(np.float64)[ok]
    n_frames, n_scored = (np.bincount(members, minlength=len(clips)) for members in (clip_of, clip_of[ok]))
    with np.errstate(invalid="ignore"):
        means = np.bincount(clip_of[ok], scores, len(clips)) / n_scored
    partial = [f"{k} of {n} frames have a score" if k < n else "" for k, n in zip(n_scored, n_frames, strict=True)]
    columns = dict(zip((*WHOSE, "item"), map(list, zip(*clips, strict=True)), strict=True)) if clips else {}
    columns |= {"status": np.where(n_scored > 0, "ok", "missing").tolist(), "detail": partial}
    arrays = [pa.array(columns.get(field.name, []), field.type) for field in SCORE_SCHEMA if field.name != "score"]
    return pa.Table.from_arrays([*arrays, pa.array(means, pa.float64(), mask=n_scored == 0)], schema=SCORE_SCHEMA)


def _clips(table: pa.Table) -> tuple[list[tuple], NDArray[np.intp]]:
    """Columns `WHOSE` and ``item`` of every clip, and the number of each frame's clip."""
    numbers: dict[tuple, int] = {}
    columns = [table[name].to_pylist() for name in (*WHOSE, "item")]
    frames = ((*whose, _clip_name(whose[-1], whose[4], item)) for *whose, item in zip(*columns, strict=True))
    clip_of = [numbers.setdefault(frame, len(numbers)) for frame in frames]
    return list(numbers), np.array(clip_of, dtype=np.intp)


def _clip_name(video: str | None, target: str | None, item: str) -> str:
    """Folder of a frame, and the clip where it is known, else the person, else the picture."""
    folder, slash, picture = item.rpartition("/")
    return f"{folder}{slash}{video or target or picture}"
