"""Rows of a leaderboard, their tests, their scores and the bands that they tried, as data frames of pandas."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..benchmark.domains.names import training
from ..benchmark.errors import DataError
from ..benchmark.frequency.bands import Band
from ..benchmark.results.cell_document import CellDocument, TriedBand
from ..benchmark.results.columns import CLIP_COLUMNS, CLIP_ROW_COLUMNS, Column, Unit, row_columns, test_columns
from ..benchmark.results.evidence import Evidence, evidence_text, lies_outside
from ..benchmark.results.rows import Row
from ..benchmark.results.run_files import file_below
from ..benchmark.results.scores import score_table
from .exports import row_key, row_lines, test_line

if TYPE_CHECKING:
    import pandas as pd

# Of a score file, in the order in which one reads them.
SCORE_COLUMNS = ("domain", "split", "item", "label", "score", "status", "detail", "group", "target", "donor", "video")
BAND_COLUMNS = {
    **dict.fromkeys(("band", "kind"), "string"),
    **dict.fromkeys(("low", "high"), "float64"),
    "stage": "string",
    **dict.fromkeys(("auc", "auc_lo", "auc_hi", "auc_se"), "float64"),
    **dict.fromkeys(("chosen", "in_evidence"), "boolean"),
    "error": "string",
}
ROUNDED = 9  # digits of a frequency that are no noise of its computation
# Parts of a nested column that are no texts, by the end of their name; the others are.
NESTED = {
    **dict.fromkeys(("cutoff", "width", "halfwidth", "low", "high", "auc", "lo", "hi", "false_alarms"), "float64"),
    **dict.fromkeys(("order", "period", "n_real", "lookalikes", "train", "val"), "Int64"),
    "ambiguous": "boolean",
}
FLAGS = ("swept", "control", "random_encoder", "current", "verified", "in_domain")
ROW_KEYS = ("id", "detector", "train", "role", "study", "band", "cell", "run_id")  # of a line about a test domain
IN_DOMAIN = Column("in_domain", meaning="True on the training domain.")
LEADING = ("id", "rank_low", "rank_high", "tie_group", "detector", "train", "role", "band")  # columns that tell the rows apart


def rows_frame(rows: Sequence[Row], computed: Collection[str] = ()) -> "pd.DataFrame":
    """
    Return one line per row.

    Parameters
    ----------
    rows : sequence of Row
    computed : collection of str
        Data sets whose pictures are computed, see `notes.may_be_copies`.

    Returns
    -------
    DataFrame
        The columns of `columns.row_columns` and of the CSV: those of `LEADING`, then the others in the order of the page. The
        bounds of an interval are in ``NAME_lo`` and ``NAME_hi``, parts of nested values in ``band.kind`` and the like. ``band``
        is a text that `Band.parse` reads, ``finished`` a moment in UTC. Undefined and unknown values are missing.
    """
    texts = [{"band": row.band.as_text(), "evidence": evidence_text(row.evidence)} for row in rows]
    lines = [line | more for line, more in zip(row_lines(rows, computed), texts, strict=True)]
    known = {column.name: column for column in (*row_columns(), *CLIP_ROW_COLUMNS)}
    names = dict.fromkeys((*LEADING, *known))
    frame = _frame(lines, [known[name] for name in names])
    return frame.assign(finished=_moments(frame["finished"]))


def tests_frame(rows: Sequence[Row]) -> "pd.DataFrame":
    """
    Return one line per row and test domain.

    Parameters
    ----------
    rows : sequence of Row

    Returns
    -------
    DataFrame
        What names the row (``id``, ``detector``, ``train``, ``role``, ``study``, ``band``), the domain and ``in_domain``, true
        on the training domain, then `columns.test_columns`, as in `rows_frame`.
    """
    lines = [
        row_key(row)
        | {"band": row.band.as_text(), "in_domain": training(row.train).is_home(test.domain)}
        | test_line(row, test)
        for row in rows
        for test in row.tests
    ]
    keys = {column.name: column for column in row_columns()}
    cut = [column.name for column in test_columns()].index("domain") + 1
    tested = [*test_columns()[:cut], IN_DOMAIN, *test_columns()[cut:], *CLIP_COLUMNS]
    return _frame(lines, [*(keys[name] for name in ROW_KEYS[:-2]), *tested, *(keys[name] for name in ROW_KEYS[-2:])])


tests_frame.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]  (for pytest, which collects such names)


def scores_frame(folder: Path, files: Sequence[str]) -> "pd.DataFrame":
    """
    Return the scores that a row is made of, one line per draw and item.

    Parameters
    ----------
    folder : Path
        Of its cell.
    files : sequence of str
        Score files below it, one per draw (`CellDocument.files_of`).

    Returns
    -------
    DataFrame
        ``draw`` and `SCORE_COLUMNS`. ``label`` is 1 for fakes; a higher ``score`` is more fake, and missing where ``status`` is
        not ``ok``, for the reason in ``detail``; pictures of one ``group`` are not independent.

    Raises
    ------
    DataError
        If there is no file, or one cannot be read.
    """
    import pandas as pd

    if not files:
        raise DataError(f"the row has no score files in {folder} (its cell.json is missing, damaged or of another version).")
    frames = [score_table(file_below(folder, file)).select(list(SCORE_COLUMNS)).to_pandas() for file in files]
    for draw, frame in enumerate(frames):
        frame.insert(0, "draw", draw)
    return pd.concat(frames, ignore_index=True)


def bands_frame(document: CellDocument) -> "pd.DataFrame":
    """
    Return the bands that a cell tried on validation pictures of its training domain, one line each.

    Parameters
    ----------
    document : CellDocument

    Returns
    -------
    DataFrame
        ``band`` (a text that `Band.parse` reads) and its ``kind``; ``low`` and ``high``, its ends in cycles/pixel, of a
        ``stop`` those of the gap, missing for a comb; ``stage``, in which it was tried; the validation ``auc`` with its 95 %
        interval and standard error, means over the draws; ``chosen``; ``in_evidence``, see `in_evidence`; and the ``error``
        where there is no AUC. No lines for submitted scores.
    """
    lines = [_band_line(trial, document) for trial in document.trials]
    return _typed(lines, BAND_COLUMNS)


def _band_line(trial: TriedBand, document: CellDocument) -> dict[str, Any]:
    band = trial.band
    low, high = (None, None) if band.is_comb else (round(end, ROUNDED) for end in band.edges)
    return {
        **{"band": band.as_text(), "kind": band.kind, "low": low, "high": high, "stage": trial.stage},
        **{name: getattr(trial, name) for name in ("auc", "auc_lo", "auc_hi", "auc_se")},
        **{"chosen": band == document.band, "in_evidence": in_evidence(band, document.evidence), "error": trial.error},
    }


def in_evidence(band: Band, evidence: Evidence) -> bool | None:
    """
    Return True if a band lies in the evidence; None where no sweep asked, for all-pass and for combs.

    Of a ``stop`` it is the gap that counts, and of the evidence then the stretches without which the AUC falls.
    """
    if evidence is None or band.kind == "all" or band.is_comb:
        return None
    if band.kind == "stop":
        middle = sum(band.edges) / 2
        return any(stretch.necessary and stretch.low <= middle <= stretch.high for stretch in evidence)
    return not lies_outside(band, evidence)


def _frame(lines: Sequence[Mapping[str, Any]], known: Sequence[Column]) -> "pd.DataFrame":
    """Return lines under the columns that are known, each with its parts behind it, in the type of its unit."""
    present = dict.fromkeys(name for line in lines for name in line)
    names: dict[str, str] = {}
    for column in known:
        parts = [name for name in present if name.startswith(f"{column.name}.")]
        if column.derived:
            continue
        own = [name for name in column.names if name in present or not lines]
        names |= {name: _type_of(name, column) for name in own}
        names |= {name: NESTED.get(name.rpartition(".")[2], "string") for name in parts}
    return _typed(lines, names)


def _type_of(name: str, column: Column) -> str:
    if name in FLAGS:
        return "boolean"
    if column.unit is Unit.COUNT:
        return "Int64"
    return "float64" if column.is_number else "string"


def _typed(lines: Iterable[Mapping[str, Any]], types: Mapping[str, str]) -> "pd.DataFrame":
    import pandas as pd

    table = list(lines)
    return pd.DataFrame(
        {name: pd.array([_known(line.get(name)) for line in table], dtype=kind) for name, kind in types.items()}
    )


def _known(value: Any) -> Any:
    """Undefined numbers are missing in every column, also in those of counts."""
    return None if isinstance(value, float) and value != value else value


def _moments(seconds: Any) -> Any:
    import pandas as pd

    return pd.to_datetime(seconds, unit="s", utc=True).astype("datetime64[ns, UTC]")
