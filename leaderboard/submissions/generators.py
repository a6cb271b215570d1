"""
Columns ``generator`` and ``source`` of a submitted score file: fakes by what made them, reals by where they are from.

Such a file has every fake and every real once. Each generator becomes a test domain, and the reals of each source become an
item set that the fakes of every generator are set against.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...benchmark.domains.names import REALS, DomainName
from ...benchmark.results.arrow import pc

REAL_LABELS = ("0", "0.0", "real")
KIND_COLUMNS = ("dataset", "compression", "generator", "source", "split", "label")
PLACED_COLUMNS = ("domain", "split", "item", "label", "score", "status", "group", "line")


@dataclass(frozen=True, eq=False)
class LineKind:
    """
    Lines of a score file that agree in all but item, score and status.

    Attributes
    ----------
    dataset, compression, generator, source : str
        Empty where the file has none.
    split : str
        Empty for a test item.
    label : str
        As it stands in the file, or as it follows from the columns: what has a generator is fake, what has a source is real.
    rows : array of int
        Their numbers in the file, ascending.
    """

    dataset: str
    compression: str
    generator: str
    source: str
    split: str
    label: str
    rows: NDArray[np.int64]

    @property
    def is_real(self) -> bool:
        """True for the label of a real."""
        return self.label.strip().lower() in REAL_LABELS

    @property
    def is_of_source(self) -> bool:
        """True for reals that have a source."""
        return bool(self.source) and self.is_real

    @property
    def domain(self) -> str:
        """Test domain: the data set, with the generator as its part unless it is named already; without either the other."""
        named = not self.generator or DomainName.parse(self.dataset).variant == self.generator
        return domain_of(self.dataset if named else "/".join(filter(None, (self.dataset, self.generator))), self.compression)

    def belongs_to(self, fake: "LineKind") -> bool:
        """Return True if these reals may be set against the fakes of a domain; what they leave open fits all."""
        if not fake.generator and not self.source:
            return False
        pairs = ((getattr(self, name), getattr(fake, name)) for name in ("dataset", "compression", "generator"))
        return all(not of_real or of_real == of_fake for of_real, of_fake in pairs)


def domain_of(dataset: str, compression: str) -> str:
    """
    Return the domain of a data set and a compression: ``ffpp/Deepfakes`` and ``c23`` are ``ffpp/Deepfakes@c23``.

    A data set that names a compression keeps it. Perturbations stay last: ``set/a+noise:sd=10`` and ``c23`` are
    ``set/a@c23+noise:sd=10``.
    """
    name = DomainName.parse(dataset)
    return str(name if name.compression else replace(name, compression=compression))


def by_domain(lines: pa.Table) -> pa.Table:
    """
    Return every line under each test domain, and each source of reals, that it counts for.

    Parameters
    ----------
    lines : Table
        Columns of text ``dataset``, ``compression``, ``generator``, ``source``, ``item``, ``label``, ``status`` and ``split``,
        and ``score``.

    Returns
    -------
    Table
        `PLACED_COLUMNS`; ``line`` is the number of the line in `lines`. The reals of a source have the source as their domain
        and the split `REALS`.

    Notes
    -----
    A missing label follows from the columns. Reals without a generator belong to every generator of their data set. Reals with
    a source are the test domain's own only where it has no others; then all sources together are, and the AUC of the domain is
    over all of them.
    """
    kinds = _kinds(lines)
    tests = [kind for kind in kinds if kind.split in ("", "test")]
    sourced = [kind for kind in tests if kind.is_of_source]
    parts = [_part(lines, [kind], kind.domain, kind.split) for kind in kinds if kind.split not in ("", "test")]
    sources = dict.fromkeys(kind.source for kind in sourced)
    parts += [_part(lines, [kind for kind in sourced if kind.source == name], name, REALS) for name in sources]
    for domain, (members, borrowed) in _members(tests, sourced).items():
        parts.append(_part(lines, members, domain, "test"))
        if borrowed:
            parts.append(_distinct(lines, _part(lines, borrowed, domain, "test"), borrowed))
    return pa.concat_tables(parts)


def _members(tests: Sequence[LineKind], sourced: Sequence[LineKind]) -> dict[str, tuple[list[LineKind], list[LineKind]]]:
    """Return by test domain its own lines, and the reals of sources that it takes for want of others."""
    others = [kind for kind in tests if not kind.is_of_source]
    generators = {kind.domain: kind for kind in others if kind.generator and not kind.is_real}
    examples, shared, members_of = dict(generators), [], defaultdict(list)
    for kind in others:
        if kind.is_real and not kind.generator and any(kind.belongs_to(fake) for fake in generators.values()):
            shared.append(kind)  # counts for the generators of its data set, and is no domain
        else:
            examples.setdefault(kind.domain, kind)
            members_of[kind.domain].append(kind)
    placed = {}
    for domain, example in examples.items():
        members = members_of[domain] + [kind for kind in shared if kind.belongs_to(example)]
        has_reals = any(kind.is_real for kind in members)
        placed[domain] = members, [] if has_reals else [kind for kind in sourced if kind.belongs_to(example)]
    return placed


def _kinds(lines: pa.Table) -> list[LineKind]:
    """Group the lines by all but item, score and status; in the order in which the kinds appear."""
    if not len(lines):
        return []
    encoded = [lines[name].combine_chunks().dictionary_encode() for name in KIND_COLUMNS]
    code = np.zeros(len(lines), dtype=np.int64)
    for column in encoded:
        code = np.unique(code * len(column.dictionary) + column.indices.to_numpy(), return_inverse=True)[1]
    order = np.argsort(code, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(code[order])) + 1)
    texts = {name: (column.dictionary.to_pylist(), column.indices) for name, column in zip(KIND_COLUMNS, encoded, strict=True)}

    def text(name: str, row: int) -> str:
        values, indices = texts[name]
        return values[indices[row].as_py()]

    kinds = [LineKind(**{name: text(name, int(rows[0])) for name in KIND_COLUMNS}, rows=rows) for rows in groups]
    return [_labelled(kind) for kind in sorted(kinds, key=lambda kind: kind.rows[0])]


def _labelled(kind: LineKind) -> LineKind:
    if kind.label.strip() or bool(kind.generator) == bool(kind.source):
        return kind
    return replace(kind, label="fake" if kind.generator else "real")


def _part(lines: pa.Table, kinds: Sequence[LineKind], domain: str, split: str) -> pa.Table:
    """Return the lines of some kinds under one domain, in the order of the file."""
    rows = np.concatenate([kind.rows for kind in kinds]) if kinds else np.zeros(0, dtype=np.int64)
    labels = np.repeat(np.arange(len(kinds)), [len(kind.rows) for kind in kinds])
    order = np.argsort(rows, kind="stable")
    taken = lines.select(["item", "source", "score", "status"]).take(rows[order])
    of_kind = pa.DictionaryArray.from_arrays(labels[order].astype(np.int32), pa.array([k.label for k in kinds], pa.string()))
    is_sourced = pa.array(np.array([k.is_of_source for k in kinds], dtype=bool)[labels[order]])
    group = pc.binary_join_element_wise(taken["source"], taken["item"], ":")
    columns = {
        "domain": pa.repeat(pa.scalar(domain, pa.string()), len(rows)),
        "split": pa.repeat(pa.scalar(split, pa.string()), len(rows)),
        "item": taken["item"],
        "label": of_kind.cast(pa.string()),
        "score": taken["score"],
        "status": taken["status"],
        "group": pc.if_else(is_sourced, group, "") if len(rows) else pa.array([], pa.string()),
        "line": pa.array(rows[order]),
    }
    return pa.table({name: columns[name] for name in PLACED_COLUMNS})


def _distinct(lines: pa.Table, part: pa.Table, kinds: Sequence[LineKind]) -> pa.Table:
    """Put the source before the items' names that two sources use."""
    rows = np.sort(np.concatenate([kind.rows for kind in kinds]))
    sources, items = (lines[name].take(rows).combine_chunks().dictionary_encode() for name in ("source", "item"))
    n_sources = len(sources.dictionary)
    item_codes = items.indices.to_numpy().astype(np.int64)
    pairs = np.unique(item_codes * n_sources + sources.indices.to_numpy())
    times = np.bincount(pairs // n_sources, minlength=len(items.dictionary))
    named_twice = pa.array(times[item_codes] > 1)
    longer = pc.binary_join_element_wise(sources.cast(pa.string()), part["item"], "/")
    return part.set_column(part.column_names.index("item"), "item", pc.if_else(named_twice, longer, part["item"]))
