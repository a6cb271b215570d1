"""
Score matrix of another benchmark: one line per picture, one column of scores per detector.

Beside the scores it has an id, a label and, where it knows them, the generator of a fake, the source of a real and the split.
Each column becomes the scores of one submission.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...benchmark.errors import DataError, listed, unknown_name
from ...benchmark.results.arrow import pc
from ...benchmark.results.run_files import read_any_parquet
from ...benchmark.results.scores import Status
from ...benchmark.store.cells import from_text
from .delimited import TextCells, read_cells, with_decimal_points
from .matrix_meta import plain_name
from .meta import label as plain_label
from .score_csv import placed_lines
from .score_files import NO_SCORE, SUFFIXES

NAMES = {
    "id": ("id", "key", "item", "image_id", "image", "img", "file", "filename", "file_name", "path", "image_path", "img_path"),
    "label": ("label", "labels", "y_true", "ground_truth", "gt", "is_fake", "target", "class"),
    "generator": ("generator", "gen", "method", "manipulation", "fake_source"),
    "source": ("source", "real_source", "source_of_reals", "reals"),
    "split": ("split", "subset", "partition"),
}  # names that each column is looked for under, in this order; case does not matter
REAL_WORDS = ("0", "0.0", "real", "authentic", "genuine", "nature", "natural")
FAKE_WORDS = ("1", "1.0", "fake", "synthetic", "generated", "ai", "deepfake")
TRUTH_COLUMN = "is_fake"  # may have true and false
NO_GENERATOR = ("", "-", "none", "nan", "null", "n/a", "na", *REAL_WORDS)  # of a real
SPLIT_WORDS = {"test": ("", "test", "testing"), "val": ("val", "valid", "validation"), "train": ("train", "training")}
SHOWN = 8
REAL, FAKE = "real", "fake"


@dataclass(frozen=True)
class MatrixColumns:
    """
    Names of the columns of a matrix; those that are None are looked for under the names that are common (`NAMES`).

    Attributes
    ----------
    id, label, generator, source, split : str or None
    fake_label : str or None
        Text of the label of a fake; then every other text is that of a real, and there may be one.
    """

    id: str | None = None
    label: str | None = None
    generator: str | None = None
    source: str | None = None
    split: str | None = None
    fake_label: str | None = None


@dataclass(frozen=True, eq=False)
class ScoreMatrix:
    """
    A score matrix.

    Attributes
    ----------
    lines : Table
        Columns of text ``key``, ``label`` (``real``, ``fake``), ``generator``, ``source`` and ``split`` (``test``, ``val``).
        Training pictures are left out.
    scores : dict of str to array of float64
        By column of the file; NaN where there is none.
    columns : dict of str to str
        Column of the file by its meaning.
    ignored : tuple of str
        Columns that hold no scores.
    n_training : int
        Lines of training pictures.
    """

    lines: pa.Table
    scores: dict[str, NDArray[np.float64]]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    n_training: int

    def table(self, column: str, dataset: str, negated: bool = False) -> pa.Table:
        """
        Return the scores of one column as a submission holds them.

        Parameters
        ----------
        column : str
        dataset : str
        negated : bool
            With the other sign, for scores of which a higher one means more real.
        """
        scores = -self.scores[column] if negated else self.scores[column]
        is_missing = pa.array(np.isnan(scores))
        columns: dict[str, Any] = {
            "dataset": pa.repeat(pa.scalar(dataset), len(self.lines)),
            "key": self.lines["key"],
            "label": self.lines["label"],
            **({"generator": self.lines["generator"]} if "generator" in self.columns else {}),
            **({"source": self.lines["source"]} if self.has_sources else {}),
            "split": self.lines["split"],
            "score": pc.if_else(is_missing, pa.scalar(None, pa.float64()), scores),
            "status": pc.if_else(is_missing, Status.MISSING.value, Status.OK.value),
        }
        return pa.table(columns)

    def domains(self, dataset: str) -> dict[str, tuple[int, int]]:
        """Return fakes and reals of each test domain; reals of all sources together where it has no others."""
        empty = pa.repeat(pa.scalar("", pa.string()), len(self.lines))
        data_set = pa.repeat(pa.scalar(dataset), len(self.lines))
        columns = {"dataset": data_set, "item": self.lines["key"], "compression": empty, "status": empty, "score": empty}
        columns |= {name: self.lines[name] for name in self.lines.column_names if name != "key"}
        placed = placed_lines(pa.table(columns), self.has_makers)
        tests = placed.filter(pc.equal(placed["split"], "test"))
        counted = tests.group_by(["domain", "label"], use_threads=False).aggregate([([], "count_all")]).to_pylist()
        counts = {(row["domain"], row["label"]): row["count_all"] for row in counted}
        names = tests["domain"].unique().to_pylist()
        return {name: (counts.get((name, FAKE), 0), counts.get((name, REAL), 0)) for name in names}

    @property
    def is_test(self) -> NDArray[np.bool_]:
        """Mark the test pictures, (n_lines,)."""
        return pc.equal(self.lines["split"], "test").to_numpy(zero_copy_only=False)

    @property
    def has_makers(self) -> bool:
        """True if it knows generators or sources."""
        return "generator" in self.columns or self.has_sources

    @property
    def has_sources(self) -> bool:
        """True if some real has a source."""
        return bool(pc.any(pc.not_equal(self.lines["source"], "")).as_py())


@dataclass(frozen=True, eq=False)
class _File:
    """Cells of a matrix, with their place in the file for messages."""

    path: Path
    table: pa.Table
    cells: TextCells | None  # None for Parquet

    def place(self, row: int) -> str:
        return f"{self.path}, {f'row {row + 1:,}' if self.cells is None else f'line {self.cells.line(row):,}'}"

    def texts(self, column: str) -> pa.Array:
        """Return a column as text without white space around it; empty where there is no value."""
        cells = self.table[column].combine_chunks()
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        if not pa.types.is_string(cells.type) and not pa.types.is_large_string(cells.type):
            cells = pa.array(["" if value is None else str(value) for value in cells.to_pylist()], pa.string())
        return pc.utf8_trim_whitespace(pc.fill_null(cells.cast(pa.string()), ""))

    @property
    def is_text(self) -> bool:
        return self.cells is not None


def read_matrix(path: Path, columns: MatrixColumns, detectors: Sequence[str] = ()) -> ScoreMatrix:
    """
    Read a score matrix.

    Parameters
    ----------
    path : Path
        CSV or TSV, separated by commas, semicolons or tabs, or Parquet.
    columns : MatrixColumns
    detectors : sequence of str
        Columns of scores. Without any, every other column that holds numbers is one.

    Raises
    ------
    DataError
        With file, line and column: if a column is missing, a cell of a score is no number, a label is unknown, a picture is
        there twice, or only one class is there.
    """
    file = _read(path, columns)
    names = _found_columns(file, columns)
    lines = _lines(file, names, columns.fake_label)
    rest = [name for name in file.table.column_names if name not in names.values()]
    if missing := [name for name in detectors if name not in rest]:
        raise DataError(f"{path}: {unknown_name('column of scores', missing[0], rest)}")
    scores = {name: column for name in detectors or rest if (column := _scores(file, name, bool(detectors))) is not None}
    if not scores:
        raise DataError(f"{path} has no column of scores beside {', '.join(names.values())}; wanted one column per detector.")
    kept = lines["split"].combine_chunks()
    is_used = pc.not_equal(kept, "train")
    _require_distinct(file, lines)
    used = lines.filter(is_used)
    _require_classes(file, used)
    mask = is_used.to_numpy(zero_copy_only=False)
    return ScoreMatrix(
        used,
        {name: column[mask] for name, column in scores.items()},
        names,
        tuple(name for name in rest if name not in scores),
        int((~mask).sum()),
    )


def _read(path: Path, columns: MatrixColumns) -> _File:
    asked = [value for part in fields(columns) if part.name != "fake_label" and (value := getattr(columns, part.name))]
    if path.suffix.lower() == ".parquet":
        try:
            table = read_any_parquet(path)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DataError(f"{path} cannot be read as Parquet ({str(error).splitlines()[0][:200]}).") from error
        file = _File(path, table, None)
    elif path.suffix.lower() in SUFFIXES:
        known = [name.lower() for name in asked] + [name for names in NAMES.values() for name in names]
        cells = read_cells(path, known, ())
        file = _File(path, cells.table, cells)
    else:
        raise DataError(f"{path}: a matrix comes as {', '.join(SUFFIXES)}, got {path.suffix or 'a file without an ending'}.")
    if not len(file.table):
        raise DataError(f"{path} has no rows; wanted one per picture.")
    return file


def _found_columns(file: _File, columns: MatrixColumns) -> dict[str, str]:
    """Return the columns of the file by their meaning: those that were named, else the first of the common names."""
    spellings: dict[str, str] = {}
    for name in file.table.column_names:
        spellings.setdefault(name.strip().lower(), name)
    found = {}
    for meaning, common in NAMES.items():
        asked = getattr(columns, meaning)
        if asked is not None and asked.strip().lower() not in spellings:
            option = f"--{meaning}-column"
            raise DataError(f"{file.path}: {option}: {unknown_name('column', asked, file.table.column_names)}")
        name = next((spellings[word] for word in ([asked.strip().lower()] if asked else common) if word in spellings), None)
        if name is not None and name not in found.values():
            found[meaning] = name
        elif meaning in ("id", "label"):
            head = plain_label(", ".join(file.table.column_names))
            raise DataError(
                f"{file.path} has no column for the {meaning} of a picture under a common name ({', '.join(common)}); it has "
                f"{head}. --{meaning}-column NAME says which it is."
            )
    return found


def _lines(file: _File, names: Mapping[str, str], fake_label: str | None) -> pa.Table:
    n = len(file.table)
    empty = pa.repeat(pa.scalar("", pa.string()), n)
    text = {meaning: file.texts(names[meaning]) if meaning in names else empty for meaning in NAMES}
    if file.is_text:
        text |= {meaning: _unescaped(text[meaning]) for meaning in ("id", "generator", "source")}
    blank = pc.equal(text["id"], "").to_numpy(zero_copy_only=False)
    if blank.any():
        raise DataError(f"{file.place(int(blank.argmax()))}: the column '{names['id']}' is empty; every picture has an id.")
    labels = _labels(file, names["label"], text["label"], fake_label)
    is_fake = pc.equal(labels, FAKE)
    generator, source = _makers(file, names, text, is_fake)
    splits = _splits(file, names, text["split"])
    return pa.table({"key": text["id"], "label": labels, "generator": generator, "source": source, "split": splits})


def _unescaped(texts: pa.Array) -> pa.Array:
    """Return texts without the apostrophe that keeps a spreadsheet from taking them for formulas."""
    if not pc.any(pc.starts_with(texts, "'")).as_py():
        return texts
    return pa.array(list(map(from_text, texts.to_pylist())), pa.string())


def _labels(file: _File, column: str, texts: pa.Array, fake_label: str | None) -> pa.Array:
    """Return ``real`` or ``fake``; refuse a text that is neither."""
    lower = pc.utf8_lower(texts)
    words = lower.unique().to_pylist()
    if fake_label is None:
        meaning = dict.fromkeys(REAL_WORDS, REAL) | dict.fromkeys(FAKE_WORDS, FAKE)
        if column.strip().lower() == TRUTH_COLUMN:
            meaning |= {"true": FAKE, "false": REAL}
    else:
        others = [word for word in words if word and word != fake_label.strip().lower()]
        meaning = {fake_label.strip().lower(): FAKE, **dict.fromkeys(others[:1], REAL)}
    strange = [word for word in words if word not in meaning]
    if strange:
        row = int(pc.equal(lower, strange[0]).to_numpy(zero_copy_only=False).argmax())
        wanted = f"{', '.join(REAL_WORDS)} (real), {', '.join(FAKE_WORDS)} (fake)" if fake_label is None else "two labels"
        hint = " --fake-label TEXT says which text is that of a fake." if fake_label is None else ""
        raise DataError(
            f"{file.place(row)}, column '{column}': the label {texts[row].as_py()[:60]!r} is unknown; wanted {wanted}.{hint}"
        )
    encoded = lower.dictionary_encode()
    return pa.array([meaning[word] for word in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _makers(
    file: _File, names: Mapping[str, str], text: Mapping[str, pa.Array], is_fake: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """
    Return generator and source of every picture.

    A real under the name of a generator belongs to the fakes of that one alone. A real whose generator made no fake has that
    name as its source, unless the matrix has a column of sources or the name says no more than that it is real.
    """
    if "generator" not in names:
        return text["generator"], pc.if_else(is_fake, "", text["source"])
    given = text["generator"]
    nameless = pc.and_(is_fake, pc.equal(given, "")).to_numpy(zero_copy_only=False)
    if nameless.any():
        row = int(nameless.argmax())
        raise DataError(f"{file.place(row)}, column '{names['generator']}': a fake has no generator; give it a name.")
    generators = given.filter(is_fake).unique()
    plain = _plain_names(file, names["generator"], generators.to_pylist())
    is_generator = pc.is_in(given, value_set=generators)
    is_nothing = pc.is_in(pc.utf8_lower(given), value_set=pa.array(NO_GENERATOR))
    encoded = given.dictionary_encode()
    renamed = pa.array([plain.get(name, name) for name in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
    own = pc.if_else(pc.or_(is_fake, is_generator), renamed, "")
    source = text["source"] if "source" in names else pc.if_else(pc.or_(is_generator, is_nothing), "", given)
    return own, pc.if_else(is_fake, "", source)


def _plain_names(file: _File, column: str, names: Sequence[str]) -> dict[str, str]:
    """Return names of generators by those of the file, without what has a meaning in names of domains."""
    plain = {name: plain_name(name) for name in names}
    if twice := [name for name, n in Counter(plain.values()).items() if n > 1]:
        alike = [name for name in names if plain[name] == twice[0]]
        raise DataError(
            f"{file.path}, column '{column}': the generators {listed(map(repr, alike), SHOWN)} would both be '{twice[0]}', as "
            "'/', '@', '+' and white space are no part of a domain's name; rename them."
        )
    return plain


def _splits(file: _File, names: Mapping[str, str], texts: pa.Array) -> pa.Array:
    lower = pc.utf8_lower(texts)
    meaning = {word: split for split, words in SPLIT_WORDS.items() for word in words}
    if strange := [word for word in lower.unique().to_pylist() if word not in meaning]:
        row = int(pc.equal(lower, strange[0]).to_numpy(zero_copy_only=False).argmax())
        raise DataError(
            f"{file.place(row)}, column '{names['split']}': the split {strange[0][:60]!r} is unknown; wanted "
            "test, val or train."
        )
    encoded = lower.dictionary_encode()
    return pa.array([meaning[word] for word in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _scores(file: _File, column: str, is_asked: bool) -> NDArray[np.float64] | None:
    """Return the scores of a column; None for one that holds no numbers at all, unless it was asked for."""
    cells = file.table[column].combine_chunks()
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return pc.fill_null(cells.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    texts = file.texts(column)
    if file.cells is not None and file.cells.separator != ",":
        texts = _with_points(texts)
    is_missing = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(NO_SCORE))
    filled = pc.if_else(is_missing, None, texts)
    try:
        return pc.fill_null(filled.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _refuse_texts(file, column, filled, is_asked)


def _with_points(texts: pa.Array) -> pa.Array:
    """Replace decimal commas, see `delimited.with_decimal_points`; columns without a comma are left alone."""
    if not pc.any(pc.match_substring(texts, ",")).as_py():
        return texts
    return pa.array(with_decimal_points(texts.to_pylist()), pa.string())


def _refuse_texts(file: _File, column: str, filled: pa.Array, is_asked: bool) -> None:
    """Refuse a column in which some cells are no numbers; one without any number is no column of scores."""
    texts = filled.to_pylist()
    is_number = [text is None or _is_number(text) for text in texts]
    if not is_asked and is_number.count(True) == texts.count(None):
        return
    row = is_number.index(False)
    cell = texts[row]
    formula = " It is a formula: save the sheet with its values." if cell.startswith("=") else ""
    raise DataError(
        f"{file.place(row)}, column '{column}': {cell[:60]!r} is no number ({is_number.count(False):,} of "
        f"{len(is_number):,} cells).{formula} A missing score is an empty cell. If the column holds no scores, list those that "
        "do under `detectors:` in --meta META.yaml."
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _require_distinct(file: _File, lines: pa.Table) -> None:
    """Refuse a picture that is there twice: the same id of the same class, generator, source and split."""
    code = np.zeros(len(lines), dtype=np.int64)
    for name in lines.column_names:
        column = lines[name].combine_chunks().dictionary_encode()
        code = np.unique(code * len(column.dictionary) + column.indices.to_numpy(), return_inverse=True)[1]
    codes, first, times = np.unique(code, return_index=True, return_counts=True)
    if len(codes) < len(lines):
        again = np.flatnonzero(times[code] > 1)
        row = int(min(row for row in again if first[code[row]] != row))
        raise DataError(
            f"{file.place(row)}: the id {lines['key'][row].as_py()[:80]!r} was there before, in "
            f"{file.place(int(first[code[row]])).rpartition(', ')[2]}; a picture has one line "
            f"(lines too many: {len(lines) - len(codes):,})."
        )


def _require_classes(file: _File, lines: pa.Table) -> None:
    tests = lines["label"].filter(pc.equal(lines["split"], "test"))
    present = tests.unique().to_pylist()
    if len(present) < 2:
        what = f"only {present[0]}s" if present else "no test pictures"
        raise DataError(f"{file.path} has {what}; an AUC takes reals and fakes.")
