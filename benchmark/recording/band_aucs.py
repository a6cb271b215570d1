"""
AUCs of the narrow bands of a sweep, kept alone or taken out, on validation pictures and on every test domain.

The test scores of a sweep lie sealed until the band is chosen. Afterwards they show which frequencies carry evidence on the
training domain, and which of them carry it on other test domains, too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..domains.names import REALS, chain_of
from ..errors import DataError
from ..frequency.bands import Band
from ..metrics.delong import mean_auc_covariance
from ..metrics.roc import Scored, roc_auc
from ..records import SWEEP_STAGES, Trial
from ..results.cell_document import NarrowBand
from ..results.scores import ok_rows, read_file, write_table

FILE = "narrow.parquet"
ITEMS = ("draw", "domain", "split", "item", "label", "group")
# Scores take most of the room, and seven digits of them rank pictures as sixteen do.
SCORE_TYPE = pa.float32()


def keep_narrow(trials: Sequence[Trial], folder: Path) -> list[NarrowBand]:
    """
    Write the scores of all narrow bands into one table and return the AUCs of the bands.

    Parameters
    ----------
    trials : sequence of Trial
        Of a finished cell, whose band has been chosen. Those that were not scored on the test domains do not count.
    folder : Path
        Of the cell; the table is its ``narrow.parquet``: a row per draw and item, a column per band.

    Returns
    -------
    list of NarrowBand
        See `narrow_aucs`; empty, and no file, where no narrow band was scored on the test domains.
    """
    swept = [t for t in trials if t.stage in SWEEP_STAGES.values() and not t.error and all(r.sealed for r in t.records)]
    if not swept:
        return []
    swept.sort(key=lambda t: (t.band.kind, t.band.edges))
    draws = [_draw(swept, number) for number in range(len(swept[0].records))]
    write_table(folder / FILE, pa.concat_tables(draws), durable=False)
    return narrow_aucs(folder / FILE)


def _draw(swept: Sequence[Trial], number: int) -> pa.Table:
    """
    Return the scores of one draw: a row per item that has a score, a column per band.

    Perturbed domains are left out, and so are sources of reals.
    """
    items: pa.Table | None = None
    columns: dict[str, pa.Array] = {}
    for trial in swept:
        table = read_file(Path(trial.records[number].scores))
        table = table.filter(pa.array(ok_rows(table) & ~_perturbed(table) & ~_of_source(table)))
        items = items or table.select(ITEMS[1:])
        columns[column_name(trial.band)] = table["score"].cast(SCORE_TYPE)
    assert items is not None
    draw = pa.array(np.full(len(items), number, dtype=np.int16))
    return pa.table({"draw": draw, **{name: items[name] for name in ITEMS[1:]}, **columns})


def _perturbed(table: pa.Table) -> NDArray[np.bool_]:
    names = table["domain"].to_numpy(zero_copy_only=False)
    chains = {name: bool(chain_of(name)) for name in set(names)}
    return np.array([chains[name] for name in names], dtype=bool)


def _of_source(table: pa.Table) -> NDArray[np.bool_]:
    return np.asarray(table["split"].to_numpy(zero_copy_only=False) == REALS, dtype=bool)


def column_name(band: Band) -> str:
    """Return the name of a band's column: ``band 0.030 0.060``, its kind and its points of gain 1/2 in cycles/pixel."""
    low, high = band.edges
    return f"{band.kind} {low:.6g} {high:.6g}"


def narrow_aucs(path: Path) -> list[NarrowBand]:
    """
    Compute the AUCs of every narrow band from the table of their scores.

    Returns
    -------
    list of NarrowBand
        In the order of the columns, kinds together and ascending; means over the draws with standard errors
        (`aucs_and_errors`), which are NaN with fewer than two groups of a class.

    Raises
    ------
    DataError
        If the file cannot be read or has other columns.
    """
    try:
        table = pq.read_table(path)
        names = [name for name in table.column_names if name not in ITEMS]
        bands = [_without_aucs(name) for name in names]
        parts = dict(_parts(table, names))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read: {error}; wanted a table of the scores of narrow bands.") from error
    for (domain, split), each in parts.items():
        pairs = zip(*aucs_and_errors(each), strict=True)
        bands = [_with_auc(band, domain, split, pair) for band, pair in zip(bands, pairs, strict=True)]
    return bands


def _without_aucs(name: str) -> NarrowBand:
    """Return the band of a column, by its name."""
    kind, low, high = name.split(" ")
    return NarrowBand(kind, float(low), float(high))


def _with_auc(band: NarrowBand, domain: str, split: str, pair: tuple[float, float]) -> NarrowBand:
    """Add an AUC and its error, of the validation pictures or of a test domain."""
    if split == "val":
        return replace(band, validation=pair)
    return replace(band, tests={**band.tests, domain: pair})


def _parts(table: pa.Table, names: Sequence[str]) -> Iterable[tuple[tuple[str, str], list[list[Scored]]]]:
    """Yield domain and split with the scores of every band, one per draw."""
    key = {name: table[name].to_numpy(zero_copy_only=False) for name in ITEMS}
    pairs = dict.fromkeys(zip(key["domain"], key["split"], strict=True))
    scores = {name: table[name].to_numpy().astype(np.float64) for name in names}
    for domain, split in pairs:
        draws = [(key["domain"] == domain) & (key["split"] == split) & (key["draw"] == draw) for draw in np.unique(key["draw"])]
        common = [(key["label"][rows].astype(np.int64), key["group"][rows].astype(str), rows) for rows in draws]
        yield (domain, split), [[Scored(y, scores[name][rows], groups) for y, groups, rows in common] for name in names]


def aucs_and_errors(each: Sequence[Sequence[Scored]]) -> tuple[list[float], list[float]]:
    """
    Compute the mean AUC of several detectors over their draws, and its standard error.

    Parameters
    ----------
    each : sequence of sequences of Scored
        Of every detector its draws; the items of a draw are the same for all detectors.

    Returns
    -------
    values, errors : lists of float
        Errors are never below one over the number of groups of the smaller class, as in `metrics.Interval`, and NaN with
        fewer than two of them.
    """
    values = [float(np.mean([roc_auc(s.labels, s.scores) for s in draws])) for draws in each]
    n_groups = min(len({g for s in each[0] for g in s.groups[s.labels == label]}) for label in (0, 1))
    if n_groups < 2:
        return values, [float("nan")] * len(values)
    variances = np.diag(mean_auc_covariance([{"": draws} for draws in each]))
    return values, np.maximum(np.sqrt(np.maximum(variances, 0)), 1 / n_groups).tolist()
