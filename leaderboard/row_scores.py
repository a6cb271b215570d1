"""Scores behind a row of a board, as Parquet files for other programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ..benchmark.errors import BenchError, DataError
from ..benchmark.results.cell_document import find_cell
from ..benchmark.results.rows import Row
from ..benchmark.results.run_files import file_below
from ..benchmark.results.scores import score_table, write_table

MEANINGS = {
    "draw": "Number of the fitted detector: draw of the training pictures, from 0.",
    "domain": "Domain of the picture.",
    "split": "`test`, or `val`: validation pictures of the training domain.",
    "item": "Id of the picture in its data set.",
    "label": "0 real, 1 fake.",
    "group": "Unit of resampling: pictures of one person or clip belong together.",
    "target": "Identity that the picture shows.",
    "donor": "Identity whose face was put in.",
    "video": "Clip that the picture is a frame of.",
    "status": "`ok`, `missing` or `error`.",
    "detail": "Reason why there is no score.",
    "score": "Score of the detector; a higher one means more fake.",
}


def write_row_scores(row: Row, folder: Path | None, target: Path) -> int:
    """
    Write the scores of a row, all draws in one file, with a column ``draw`` and the meaning of every column.

    Parameters
    ----------
    row : Row
    folder : Path or None
        With the ``cell.json`` and the score files of its run.
    target : Path
        Replaced if it exists.

    Returns
    -------
    int
        Lines that were written.

    Raises
    ------
    DataError
        If its score files are missing or cannot be read.
    """
    document = find_cell(folder)
    files = document.files_of(row) if document else ()
    if folder is None or not files:
        raise DataError(f"the score files of row {row.id} ({row.detector} on {row.train_label}) were not found.")
    try:
        draws = [_with_draw(score_table(file_below(folder, file)), number) for number, file in enumerate(files)]
        table = pa.concat_tables(draws, promote_options="default")
    except (DataError, OSError, ValueError) as error:
        raise DataError(f"the scores of row {row.id} in {folder} cannot be read ({type(error).__name__}: {error}).") from error
    described = [part.with_metadata({"meaning": MEANINGS.get(part.name, "")}) for part in table.schema]
    about = {"row": row.id, "detector": row.detector, "train": row.train, "band": str(row.band), "study": row.study}
    schema = pa.schema(described, metadata={"bandbench": json.dumps(about)})
    try:
        write_table(target, pa.Table.from_arrays(table.columns, schema=schema))
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}).") from error
    return len(table)


def write_scores(rows: Sequence[Row], folders: Mapping[str, Path], target: Path) -> None:
    """
    Write the scores of every row into a folder, as ``ID.parquet``.

    Parameters
    ----------
    rows : sequence of Row
    folders : mapping of str to Path
        By run. A row without score files has none there.
    target : Path
    """
    for row in rows:
        document = find_cell(folders.get(row.run_id))
        if document is not None and document.files_of(row):
            write_row_scores(row, folders[row.run_id], target / f"{row.id}.parquet")


def _with_draw(table: pa.Table, number: int) -> pa.Table:
    return table.add_column(0, "draw", pa.array([number] * len(table), pa.int32()))
