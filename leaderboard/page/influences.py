"""
AUCs of rows by draw with the influences of groups, from which the page computes the numbers of chosen test domains.

The interval of a mean over any test domains follows from the influence of each group of test pictures on each AUC
(`metrics.replicates`): influences of the chosen domains are averaged, and their squares are the variance. Draws of a bootstrap
would be larger and less exact.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.domains.names import REALS, own_source
from ...benchmark.metrics.delong import GroupCodes
from ...benchmark.metrics.replicates import MIN_DRAWS, auc_replicates
from ...benchmark.metrics.roc import Scored
from ...benchmark.results.reals import THEIR_OWN, against, may_be_set_against
from ...benchmark.results.rows import Row
from ...benchmark.results.scores import DomainScores, by_domain
from ..ranking.ranks import trouble_of
from .packing import packed_block

AS_TESTED = ""  # source of the reals that the test domain itself has
BUDGET = 6_000_000  # bytes of all influences
SMALL_CLASS = 16  # groups that are never folded together


@dataclass(frozen=True)
class Resolution:
    """
    Precision of the influences on a page.

    Attributes
    ----------
    bits : int
        Of each number, as an integer times the scale of its vector.
    columns : int
        Groups of the largest picture set after folding; 0 where every group has a column of its own. Groups that hold the same
        classes in the same domains are folded by random signs, which keeps products of two vectors right on average, with a
        relative standard error of a variance of the root of 2 over the columns.
    """

    bits: int
    columns: int


RESOLUTIONS = (Resolution(16, 0), Resolution(8, 0), *(Resolution(8, columns) for columns in (1024, 512, 256, 128)))


@dataclass(frozen=True, eq=False)
class PictureSet:
    """
    Test pictures that AUCs are of.

    Attributes
    ----------
    domain, source : str
        Of the fakes, and of the reals; `AS_TESTED` for those of the domain itself.
    digest : str
        Of the items with their labels and groups: rows are compared only where it is equal.
    groups : array of str (n_groups,)
        Sorted.
    kinds : array of int (n_groups,)
        1 for groups that hold reals, 2 for fakes, 3 for both.
    n_groups, n_pairs : int
        See `Replicates`.
    """

    domain: str
    source: str
    digest: str
    groups: NDArray
    kinds: NDArray[np.intp]
    n_groups: int
    n_pairs: int


@dataclass(frozen=True, eq=False)
class PictureAuc:
    """
    AUC of a row on one picture set.

    Attributes
    ----------
    pictures : PictureSet
    values : array of float64 (n_draws,)
    influences : array of float64 (n_draws, n_groups)
    scores : str
        Digest of the scores of all draws.
    trouble : str
        Reason why they cannot be compared with others; empty if they can.
    """

    pictures: PictureSet
    values: NDArray[np.float64]
    influences: NDArray[np.float64]
    scores: str
    trouble: str


@dataclass(frozen=True, eq=False)
class RowInfluences:
    """
    AUCs of a row on all picture sets.

    Attributes
    ----------
    n_draws : int
    training : str
        Digest of its training pictures, see `Entrant.training`.
    overlap : float
    aucs : list of PictureAuc
    places : dict of (str, str) to int
        Index in `aucs` by test domain and source of reals.
    """

    n_draws: int
    training: str
    overlap: float
    aucs: list[PictureAuc]
    places: dict[tuple[str, str], int]


def read_influences(
    row: Row, draws: Sequence[Sequence[DomainScores]], training: str = "", overlap: float = 0.0
) -> RowInfluences:
    """
    Compute the AUCs of a row with the influences of groups, on every test domain and against every source of reals.

    Parameters
    ----------
    row : Row
        Its test results name the sources of reals.
    draws : sequence of sequences of DomainScores
        Contents of its score files.
    training, overlap
        See `RowInfluences`.
    """
    tested, reals = by_domain(draws, "test"), by_domain(draws, REALS)
    found = RowInfluences(len(draws), training, overlap, [], {})
    digests: dict[str, int] = {}

    def add(domain: str, source: str, entries: Sequence[DomainScores], others: Sequence[DomainScores] | None = None) -> None:
        digest = "+".join(sorted({_digest(*pair) for pair in zip(entries, others or entries, strict=True)}))
        if digest not in digests:
            each = [entry.scored for entry in entries]
            if others is not None:
                each = [against(fakes, other.scored) for fakes, other in zip(each, others, strict=True)]
            digests[digest] = len(found.aucs)
            found.aucs.append(_picture_auc(domain, source, digest, each))
        found.places[domain, source] = digests[digest]

    for test in row.main_tests:
        entries = tested.get(test.domain, [])
        if not draws or len(entries) != len(draws):
            continue
        add(test.domain, AS_TESTED, entries)
        sources = [result.source for result in test.by_reals]
        for source in sources:
            others = reals.get(source, []) if may_be_set_against(test.domain, source) else []
            add(test.domain, source, entries, others if len(others) == len(draws) else None)
        if (own := own_source(test.domain, sources)) in sources:
            found.places[test.domain, THEIR_OWN] = found.places[test.domain, own]
    return found


def _digest(fakes: DomainScores, reals: DomainScores) -> str:
    """Return the SHA-256 of items, labels and groups; of the fakes of one set and the reals of another where these differ."""
    if fakes is reals:
        parts = [(fakes, np.ones(len(fakes.items), dtype=bool))]
    else:
        parts = [(fakes, fakes.scored.labels == 1), (reals, reals.scored.labels == 0)]
    items, labels, groups = (
        np.concatenate([column(entry)[rows] for entry, rows in parts])
        for column in (lambda e: e.items, lambda e: e.scored.labels.astype(str), lambda e: e.scored.groups)
    )
    order = np.lexsort((labels, groups, items))
    sha = hashlib.sha256()
    for column in (items, labels, groups):
        sha.update("\0".join(column[order].tolist()).encode("utf-8", "surrogatepass"))
        sha.update(b"\1")
    return sha.hexdigest()[:16]


def _picture_auc(domain: str, source: str, digest: str, each: Sequence[Scored]) -> PictureAuc:
    groups = np.unique(np.concatenate([scored.groups for scored in each]))
    trouble = next(filter(None, map(trouble_of, each)), "")
    found = auc_replicates(each, GroupCodes(groups))
    kinds = np.zeros(len(groups), dtype=np.intp) if found.kinds is None else found.kinds
    influences = found.influences if np.isfinite(found.influences).all() else np.zeros_like(found.influences)
    values = found.values if all(np.isfinite(scored.scores).all() for scored in each) else np.full(len(each), np.nan)
    scores = hashlib.sha256(b"".join(scored.scores[np.lexsort((scored.scores, scored.groups))].tobytes() for scored in each))
    pictures = PictureSet(domain, source, digest, groups, kinds, found.n_groups, found.n_pairs)
    return PictureAuc(pictures, values, influences, scores.hexdigest(), trouble)


@dataclass
class _Row:
    """A row as it is kept until the page is packed."""

    n_draws: int
    training: str
    overlap: float
    layout: tuple[tuple[int, ...], tuple[tuple[str, str, int], ...]]
    values: NDArray[np.float64]
    vectors: list[NDArray[np.int16]]
    scales: list[float]
    traces: NDArray[np.float32]
    reference: str = ""
    unchanged: tuple[int, ...] = ()
    gain_traces: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    troubles: dict[int, str] = field(default_factory=dict)


class InfluenceWriter:
    """
    Collector of the influences of rows, which packs as many rows as the page has room for.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._sets: dict[tuple[str, str, str], int] = {}
        self._pictures: list[PictureSet] = []
        self._rows: dict[str, _Row] = {}
        self._asked = 0

    def add(self, name: str, row: RowInfluences, reference: str = "", of_reference: RowInfluences | None = None) -> None:
        """
        Add a row.

        Parameters
        ----------
        name : str
            See `details.row_id`.
        row : RowInfluences
        reference : str
            Name of the row of the same detector with all frequencies, which the gain is over; empty for none.
        of_reference : RowInfluences, optional
            Influences of that row.
        """
        self._asked += 1
        if not row.aucs:
            return
        sets = tuple(self._set(auc.pictures) for auc in row.aucs)
        places = tuple((*key, place) for key, place in row.places.items())
        vectors, scales = [], []
        for auc in row.aucs:
            # Between few draws and many there is a difference: the interval of few spans those of the single draws.
            each = auc.influences if 1 < row.n_draws < MIN_DRAWS else auc.influences.mean(axis=0, keepdims=True)
            for vector in each:
                scales.append(float(np.abs(vector).max(initial=0.0)) / 32767 or 1.0)
                vectors.append(np.round(vector / scales[-1]).astype(np.int16))
        kept = _Row(
            row.n_draws, row.training, row.overlap, (sets, places), np.stack([auc.values for auc in row.aucs]), vectors, scales,
            _traces(row, row.aucs), troubles={i: auc.trouble for i, auc in enumerate(row.aucs) if auc.trouble},
        )  # fmt: skip
        if of_reference is not None and row.places == of_reference.places and row.n_draws == of_reference.n_draws:
            pairs = list(zip(row.aucs, of_reference.aucs, strict=True))
            if all(a.pictures.digest == b.pictures.digest for a, b in pairs):
                kept.reference = reference
                kept.unchanged = tuple(i for i, (a, b) in enumerate(pairs) if a.scores == b.scores)
                if of_reference is not row:
                    apart = [PictureAuc(a.pictures, a.values, a.influences - b.influences, "", "") for a, b in pairs]
                    kept.gain_traces = _traces(row, apart)
        self._rows[name] = kept

    def _set(self, pictures: PictureSet) -> int:
        key = pictures.domain, pictures.source, pictures.digest
        if key not in self._sets:
            self._sets[key] = len(self._pictures)
            self._pictures.append(pictures)
        return self._sets[key]

    def packed(self) -> str:
        """Return the block of the page, see `packed_block`; empty without rows."""
        if not self._rows:
            return ""
        folded = next((one for one in map(self._folded, RESOLUTIONS) if self._size(one) <= self._budget), None)
        rows = dict(self._rows)
        folded = folded or self._folded(RESOLUTIONS[-1])
        while rows and self._size(folded, rows) > self._budget:
            rows.popitem()
        return packed_block(*self._contents(folded, rows)) if rows else ""

    def _folded(self, resolution: Resolution) -> "_Folding":
        return _Folding(self._pictures, resolution)

    def _size(self, folding: "_Folding", rows: Mapping[str, _Row] | None = None) -> int:
        """Return the bytes of the influences of rows."""
        widths = [len(columns) for columns in folding.columns]
        each = (
            len(row.vectors) // len(row.layout[0]) * sum(widths[i] for i in row.layout[0])
            for row in (rows or self._rows).values()
        )
        return sum(each) * folding.resolution.bits // 8

    def _contents(self, folding: "_Folding", rows: Mapping[str, _Row]) -> tuple[dict[str, Any], dict[str, NDArray]]:
        domains, sources, trainings, layouts = ({} for _ in range(4))
        sources[AS_TESTED] = 0

        def place(pool: dict[Any, int], key: Any) -> int:
            return pool.setdefault(key, len(pool))

        index = {name: i for i, name in enumerate(rows)}
        for one in self._pictures:
            place(domains, one.domain)
        for row in rows.values():
            names = tuple((place(domains, domain), place(sources, source), at) for domain, source, at in row.layout[1])
            place(layouts, (row.layout[0], names))
        about = {
            "bits": folding.resolution.bits,
            "columns": folding.resolution.columns,
            "left_out": self._asked - len(rows),
            "domains": list(domains),
            "sources": list(sources),
            "classes": {"groups": folding.n_groups, "columns": folding.n_columns},
            "sets": [
                {
                    "domain": domains[one.domain],
                    "digest": one.digest,
                    "n_groups": one.n_groups,
                    "n_pairs": one.n_pairs,
                    "classes": classes,
                    "kinds": kinds,
                }
                for one, classes, kinds in zip(self._pictures, folding.classes, folding.kinds, strict=True)
            ],
            "layouts": [{"sets": sets, "places": names} for sets, names in layouts],
            "rows": [
                {
                    "id": name,
                    "draws": row.n_draws,
                    "training": place(trainings, row.training) if row.training else -1,
                    "overlap": row.overlap,
                    "layout": layouts[
                        row.layout[0],
                        tuple((domains[domain], sources[source], at) for domain, source, at in row.layout[1]),
                    ],
                    "reference": index.get(row.reference, -1) if row.reference else -1,
                    "unchanged": row.unchanged,
                    "troubles": row.troubles,
                }
                for name, row in rows.items()
            ],
        }
        numbers = [folding.of(row) for row in rows.values()]
        arrays = {
            "values": np.concatenate([row.values.ravel() for row in rows.values()]),
            "traces": np.concatenate([row.traces for row in rows.values()]),
            "gains": np.concatenate([row.gain_traces for row in rows.values()]),
            "scales": np.concatenate([scales for _, scales in numbers]).astype(np.float32),
            "influences": np.concatenate([vectors for vectors, _ in numbers]),
        }
        return about, arrays


def _traces(row: RowInfluences, aucs: Sequence[PictureAuc]) -> NDArray[np.float32]:
    """
    Return the sums over draws of the products of influences on every two picture sets, the upper triangle line by line.

    Empty for fewer than `MIN_DRAWS`, whose interval does not ask for them.
    """
    if row.n_draws < MIN_DRAWS:
        return np.empty(0, np.float32)
    names = np.unique(np.concatenate([auc.pictures.groups for auc in aucs]))
    whole = np.zeros((len(aucs), row.n_draws, len(names)))
    for line, auc in zip(whole, aucs, strict=True):
        line[:, np.searchsorted(names, auc.pictures.groups)] = auc.influences
    flat = whole.reshape(len(aucs), -1)
    return (flat @ flat.T)[np.triu_indices(len(aucs))].astype(np.float32)


class _Folding:
    """
    Columns of the groups of all picture sets: those of a class, which hold the same classes in the same sets, lie side by side.

    Attributes
    ----------
    n_groups, n_columns : list of int
        By class.
    classes, kinds : list of list of int
        By picture set: its classes of groups, ascending, and what they hold there.
    columns : list of array of int
        By picture set: its columns, class by class.
    """

    def __init__(self, pictures: Sequence[PictureSet], resolution: Resolution) -> None:
        self.resolution = resolution
        names = np.unique(np.concatenate([one.groups for one in pictures]))
        self._units = [np.searchsorted(names, one.groups) for one in pictures]
        of_unit = np.zeros(len(names), dtype=np.intp)
        for one, units in zip(pictures, self._units, strict=True):
            kind = np.zeros(len(names), dtype=np.intp)
            kind[units] = one.kinds
            of_unit = np.unique(of_unit * 4 + kind, return_inverse=True)[1]
        sums = np.array([zlib.crc32(name.encode("utf-8", "surrogatepass")) for name in names.tolist()], dtype=np.int64)
        order = np.lexsort((sums, of_unit))  # by class, and within it in an order that has nothing to do with the names
        sizes = np.bincount(of_unit)
        widths = self._widths(sizes, max(len(one.groups) for one in pictures))
        starts = np.concatenate([[0], np.cumsum(widths)])
        within = np.arange(len(names)) - np.concatenate([[0], np.cumsum(sizes)])[of_unit[order]]
        self._column = np.empty(len(names), dtype=np.intp)
        self._column[order] = starts[of_unit[order]] + within % widths[of_unit[order]]
        self._sign = np.where(widths[of_unit] < sizes[of_unit], 1 - 2 * (sums >> 16 & 1), 1)
        self.n_groups, self.n_columns = sizes.tolist(), widths.tolist()
        self.classes: list[list[int]] = []
        self.kinds: list[list[int]] = []
        self.columns: list[NDArray[np.intp]] = []
        of_column = np.repeat(np.arange(len(widths)), widths)
        for one, units in zip(pictures, self._units, strict=True):
            classes, first = np.unique(of_unit[units], return_index=True)
            self.classes.append(classes.tolist())
            self.kinds.append(one.kinds[first].tolist())
            self.columns.append(np.flatnonzero(np.isin(of_column, classes)))

    def _widths(self, sizes: NDArray[np.intp], largest: int) -> NDArray[np.intp]:
        if not self.resolution.columns or largest <= self.resolution.columns:
            return sizes
        share = self.resolution.columns / largest
        return np.minimum(sizes, np.maximum(SMALL_CLASS, np.ceil(sizes * share))).astype(np.intp)

    def of(self, row: _Row) -> tuple[NDArray, NDArray[np.float64]]:
        """Return the folded vectors of a row, one after the other, and their scales."""
        most = 2 ** (self.resolution.bits - 1) - 1
        kind = np.int16 if self.resolution.bits == 16 else np.int8
        per_set = len(row.vectors) // len(row.layout[0])
        found, scales = [], []
        for i, (vector, scale) in enumerate(zip(row.vectors, row.scales, strict=True)):
            place = row.layout[0][i // per_set]
            units, columns = self._units[place], self.columns[place]
            sums = np.bincount(self._column[units], vector * scale * self._sign[units], minlength=int(columns.max()) + 1)[
                columns
            ]
            scales.append(float(np.abs(sums).max(initial=0.0)) / most or 1.0)
            found.append(np.round(sums / scales[-1]).astype(kind))
        return np.concatenate(found), np.array(scales)
