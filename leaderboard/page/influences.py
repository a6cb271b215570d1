"""
AUCs of rows by draw with the influences of groups, from which the page computes the numbers of chosen test domains.

The interval of a mean over any test domains follows from the influence of each group of test pictures on each AUC
(`metrics.replicates`): influences of the chosen domains are averaged, and their squares are the variance. Draws of a bootstrap
would be larger and less exact.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.domains.names import REALS, own_source
from ...benchmark.metrics.clips import ClipRule
from ...benchmark.metrics.delong import GroupCodes
from ...benchmark.metrics.intervals import Intervals
from ...benchmark.metrics.replicates import MIN_DRAWS, Replicates, auc_replicates
from ...benchmark.metrics.roc import Scored
from ...benchmark.results.clips import pooled_clips
from ...benchmark.results.rates import error_rates
from ...benchmark.results.reals import THEIR_OWN, against, may_be_set_against
from ...benchmark.results.rows import Row, TestResult
from ...benchmark.results.scores import DomainScores, by_domain
from ..ranking.ranks import trouble_of
from .packing import packed_block

AS_TESTED = ""  # source of the reals that the test domain itself has
OF_CLIPS = "\nclips"  # in place of a source: the test domain's clips, each with one score; no source has such a name
BUDGET = 6_000_000  # bytes of all influences
MEMORY = 500_000_000  # bytes of influences by draw, of rows whose mean is over several trainings
NARROW_BUDGET = 1_000_000  # bytes of the AUCs of narrow bands
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
    rates : list of dict of str to Replicates
        Detection and error rates on the first picture sets of `aucs`, by name; none on those of clips.
    """

    n_draws: int
    training: str
    overlap: float
    aucs: list[PictureAuc]
    places: dict[tuple[str, str], int]
    rates: list[dict[str, Replicates]] = field(default_factory=list)


def read_influences(
    row: Row,
    draws: Sequence[Sequence[DomainScores]],
    training: str = "",
    overlap: float = 0.0,
    clips: ClipRule | None = None,
    bootstrap: int = 0,
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
    clips : ClipRule, optional
        Rule by which frames are pooled. Without it there are no numbers per clip.
    bootstrap : int
        Draws of groups for the rates; without any there are no rates.
    """
    return _InfluenceReader(row, draws, bootstrap).read(training, overlap, clips)


class _InfluenceReader:
    def __init__(self, row: Row, draws: Sequence[Sequence[DomainScores]], bootstrap: int) -> None:
        self.row, self.draws, self.bootstrap = row, draws, bootstrap
        self.tested, self.reals = by_domain(draws, "test"), by_domain(draws, REALS)
        self.places: dict[str, int] = {}  # by digest of the items

    def read(self, training: str, overlap: float, clips: ClipRule | None) -> RowInfluences:
        self.found = RowInfluences(len(self.draws), training, overlap, [], {})
        tests = [test for test in self.row.main_tests if len(self.tested.get(test.domain, ())) == len(self.draws) > 0]
        as_recorded = self._intervals(self.tested, overlap)
        for test in tests:
            self._add(test.domain, AS_TESTED, self.tested[test.domain], None, as_recorded)
        if any(test.by_reals for test in tests):
            # Reals of other sources bring groups of their own, so that the draws are others than those of the recorded rates.
            self._add_sources(tests, self._intervals({**self.tested, **self.reals}, overlap))
        if clips is not None:
            self._add_clips([test.domain for test in tests], clips)
        return self.found

    def _intervals(self, entries: Mapping[str, Sequence[DomainScores]], overlap: float) -> Intervals | None:
        items = [each[0].scored for each in entries.values() if each]
        return Intervals(items, self.bootstrap, overlap) if self.bootstrap and items else None

    def _add_sources(self, tests: Sequence[TestResult], intervals: Intervals | None) -> None:
        for test in tests:
            entries, sources = self.tested[test.domain], [result.source for result in test.by_reals]
            for source in sources:
                others = self.reals.get(source, []) if may_be_set_against(test.domain, source) else []
                self._add(test.domain, source, entries, others if len(others) == len(self.draws) else None, intervals)
            if (own := own_source(test.domain, sources)) in sources:
                self.found.places[test.domain, THEIR_OWN] = self.found.places[test.domain, own]

    def _add(
        self,
        domain: str,
        source: str,
        entries: Sequence[DomainScores],
        others: Sequence[DomainScores] | None,
        intervals: Intervals | None,
    ) -> None:
        digest = "+".join(sorted({_digest(*pair) for pair in zip(entries, others or entries, strict=True)}))
        if digest not in self.places:
            each = [entry.scored for entry in entries]
            if others is not None:
                each = [against(fakes, other.scored) for fakes, other in zip(each, others, strict=True)]
            self.places[digest] = len(self.found.aucs)
            self.found.aucs.append(_picture_auc(domain, source, digest, each))
            if intervals is not None:
                self.found.rates.append(error_rates(intervals, each))
        self.found.places[domain, source] = self.places[digest]

    def _add_clips(self, domains: Sequence[str], rule: ClipRule) -> None:
        validation = [next((entry for entry in draw if entry.split == "val"), None) for draw in self.draws]
        tested = {domain: self.tested[domain] for domain in domains}
        for domain, each in pooled_clips(rule, validation, tested).items():
            digest = "clips " + "+".join(sorted({_digest(entry, entry) for entry in tested[domain]}))
            self.found.places[domain, OF_CLIPS] = len(self.found.aucs)
            self.found.aucs.append(_picture_auc(domain, OF_CLIPS, digest, each))


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


@dataclass(frozen=True, eq=False)
class _Narrow:
    domains: tuple[str, ...]
    aucs: NDArray[np.float32]


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
    gain: "_Pair"
    gap: "_Pair"
    troubles: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Pair:
    """
    A row with another one on the same pictures, whose difference the page computes.

    Attributes
    ----------
    name : str
        Of the other row; empty without one.
    unchanged : tuple of int
        Picture sets of the row on which both have the same scores.
    traces : array of float32
        Of the difference, see `_traces`; empty where the other one is the row itself.
    """

    name: str = ""
    unchanged: tuple[int, ...] = ()
    traces: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


@dataclass(frozen=True, eq=False)
class Reference:
    """
    Row that another one is compared with.

    Attributes
    ----------
    name : str
    influences : RowInfluences
    """

    name: str
    influences: RowInfluences


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
        self._oracles: set[str] = set()
        self._narrow: dict[str, _Narrow] = {}
        self._recipes: dict[str, dict[str, RowInfluences]] = {}
        self._room = MEMORY
        self._asked = 0

    def add(self, name: str, row: RowInfluences, allpass: Reference | None = None, oracle: Reference | None = None) -> None:
        """
        Add a row.

        Parameters
        ----------
        name : str
            See `details.row_id`.
        row : RowInfluences
        allpass, oracle : Reference, optional
            Row of the same detector with all frequencies, which the gain is over, and the best tried band of each test domain,
            whose difference from the row is the gap.
        """
        self._asked += 1
        self._add(name, row, allpass, oracle)

    def add_oracle(self, name: str, oracle: RowInfluences) -> None:
        """Add the best tried bands of a cell, which are no row of the board."""
        self._oracles.add(name)
        self._add(name, oracle, None, None)

    def add_to_recipe(self, recipe: str, name: str, row: RowInfluences) -> None:
        """
        Remember a row for the mean of a detector over its trainings, if there is memory for it.

        Parameters
        ----------
        recipe : str
            The same for rows that are averaged.
        name, row
            As for `add`.
        """
        if row.n_draws < MIN_DRAWS:
            return  # an interval of few draws does not ask for products of draws
        tested = [auc for auc in row.aucs if auc.pictures.source == AS_TESTED]
        self._room -= sum(auc.influences.nbytes for auc in tested)
        if self._room >= 0:
            self._recipes.setdefault(recipe, {})[name] = replace(row, aucs=tested)

    def add_narrow(self, run: str, domains: Sequence[str], aucs: NDArray[np.float64]) -> None:
        """Add the AUCs of the narrow bands of a run, (n_bands, n_domains), which may be chosen on other domains."""
        self._narrow[run] = _Narrow(tuple(domains), aucs.astype(np.float32))

    def _add(self, name: str, row: RowInfluences, allpass: Reference | None, oracle: Reference | None) -> None:
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
        self._rows[name] = _Row(
            row.n_draws, row.training, row.overlap, (sets, places), np.stack([auc.values for auc in row.aucs]), vectors, scales,
            _traces(row, row.aucs), _pair(row, allpass), _pair(row, oracle),
            troubles={i: auc.trouble for i, auc in enumerate(row.aucs) if auc.trouble},
        )  # fmt: skip

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

    def _crosses(self, index: Mapping[str, int]) -> tuple[list[list[int]], list[NDArray[np.float32]]]:
        """Return every two rows of a recipe with their numbers of picture sets, and the products of their influences."""
        pairs, traces = [], []
        for members in self._recipes.values():
            there = [name for name in members if name in index]
            for one, other in combinations(there, 2):
                first, second = members[one], members[other]
                if first.n_draws == second.n_draws:
                    pairs.append([index[one], index[other], len(first.aucs), len(second.aucs)])
                    traces.append(_cross_traces(first, second))
        return pairs, traces

    def _contents(self, folding: "_Folding", rows: Mapping[str, _Row]) -> tuple[dict[str, Any], dict[str, NDArray]]:
        narrow = self._narrow if sum(one.aucs.nbytes for one in self._narrow.values()) <= NARROW_BUDGET else {}
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
        of_narrow = [
            {"run": run, "domains": [place(domains, name) for name in one.domains], "bands": len(one.aucs)}
            for run, one in narrow.items()
        ]
        crosses, cross_traces = self._crosses(index)
        about = {
            "crosses": crosses,
            "narrow_bands": of_narrow,
            "narrow_left_out": len(narrow) < len(self._narrow),
            "bits": folding.resolution.bits,
            "columns": folding.resolution.columns,
            "left_out": self._asked - len(rows.keys() - self._oracles),
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
                    **{
                        pair: {"row": index.get(one.name, -1), "unchanged": one.unchanged, "traced": len(one.traces) > 0}
                        for pair, one in (("gain", row.gain), ("gap", row.gap))
                        if one.name
                    },
                    "troubles": row.troubles,
                }
                for name, row in rows.items()
            ],
        }
        numbers = [folding.of(row) for row in rows.values()]
        arrays = {
            "values": np.concatenate([row.values.ravel() for row in rows.values()]),
            "traces": np.concatenate([row.traces for row in rows.values()]),
            "gains": np.concatenate([row.gain.traces for row in rows.values()]),
            "gaps": np.concatenate([row.gap.traces for row in rows.values()]),
            "cross_traces": np.concatenate([np.empty(0, np.float32), *cross_traces]),
            "narrow": np.concatenate([np.empty(0, np.float32), *(one.aucs.ravel() for one in narrow.values())]),
            "scales": np.concatenate([scales for _, scales in numbers]).astype(np.float32),
            "influences": np.concatenate([vectors for vectors, _ in numbers]),
        }
        return about, arrays


def _cross_traces(first: RowInfluences, second: RowInfluences) -> NDArray[np.float32]:
    """Return the sums over draws of the products of the influences of two rows, line by line, (n_first * n_second,)."""
    names = np.unique(np.concatenate([auc.pictures.groups for row in (first, second) for auc in row.aucs]))
    flat = [_on_groups(row.aucs, row.n_draws, names).reshape(len(row.aucs), -1) for row in (first, second)]
    return (flat[0] @ flat[1].T).ravel().astype(np.float32)


def _on_groups(aucs: Sequence[PictureAuc], n_draws: int, names: NDArray) -> NDArray[np.float64]:
    """Return influences on all of some groups, (n_sets, n_draws, n_groups)."""
    whole = np.zeros((len(aucs), n_draws, len(names)))
    for line, auc in zip(whole, aucs, strict=True):
        line[:, np.searchsorted(names, auc.pictures.groups)] = auc.influences
    return whole


def _pair(row: RowInfluences, other: Reference | None) -> _Pair:
    """Pair a row with another one, on the picture sets that both have; with none where their draws or pictures differ."""
    if other is None or other.influences.n_draws != row.n_draws:
        return _Pair()
    theirs = {
        row.places[key]: other.influences.aucs[place] for key, place in other.influences.places.items() if key in row.places
    }
    if any(row.aucs[i].pictures.digest != auc.pictures.digest for i, auc in theirs.items()):
        return _Pair()
    unchanged = tuple(sorted(i for i, auc in theirs.items() if auc.scores == row.aucs[i].scores))
    if other.influences is row:
        return _Pair(other.name, unchanged)
    apart = [
        replace(auc, influences=auc.influences - theirs[i].influences) if i in theirs else auc for i, auc in enumerate(row.aucs)
    ]
    return _Pair(other.name, unchanged, _traces(row, apart))


def _traces(row: RowInfluences, aucs: Sequence[PictureAuc]) -> NDArray[np.float32]:
    """
    Return the sums over draws of the products of influences on every two picture sets, the upper triangle line by line.

    Empty for fewer than `MIN_DRAWS`, whose interval does not ask for them.
    """
    if row.n_draws < MIN_DRAWS:
        return np.empty(0, np.float32)
    names = np.unique(np.concatenate([auc.pictures.groups for auc in aucs]))
    flat = _on_groups(aucs, row.n_draws, names).reshape(len(aucs), -1)
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
