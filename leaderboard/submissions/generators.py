"""
Columns ``generator`` and ``source`` of a submitted score file: fakes by what made them, reals by where they are from.

Such a file has every fake and every real once. Each generator becomes a test domain, and the reals of each source become an
item set that the fakes of every generator are set against.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ...benchmark.domains.names import REALS, DomainName

REAL_LABELS = ("0", "0.0", "real")


@dataclass(frozen=True)
class Line:
    """
    Line of a score file, all text.

    Attributes
    ----------
    dataset, compression, generator, source : str
        Empty where the file has none.
    item, label, score, status : str
    split : str
        Empty for a test item.
    group : str
        Unit of resampling; empty where the file does not know it.
    """

    dataset: str
    compression: str
    generator: str
    source: str
    item: str
    label: str
    score: str
    status: str
    split: str
    group: str = ""

    @property
    def is_real(self) -> bool:
        """True for the label of a real."""
        return self.label.strip().lower() in REAL_LABELS

    @property
    def domain(self) -> str:
        """Test domain: the data set, with the generator as its part unless it is named already; without either the other."""
        named = not self.generator or DomainName.parse(self.dataset).variant == self.generator
        return domain_of(self.dataset if named else "/".join(filter(None, (self.dataset, self.generator))), self.compression)


def domain_of(dataset: str, compression: str) -> str:
    """
    Return the domain of a data set and a compression: ``ffpp/Deepfakes`` and ``c23`` are ``ffpp/Deepfakes@c23``.

    A data set that names a compression keeps it. Perturbations stay last: ``set/a+noise:sd=10`` and ``c23`` are
    ``set/a@c23+noise:sd=10``.
    """
    name = DomainName.parse(dataset)
    return str(name if name.compression else replace(name, compression=compression))


@dataclass(frozen=True)
class DomainLine:
    """A line under the domain and split that it counts for; the reals of a source have the source as their domain."""

    domain: str
    split: str
    line: Line


def by_domain(lines: Sequence[Line]) -> Iterator[DomainLine]:
    """
    Yield every line under each test domain, and each source of reals, that it counts for.

    Parameters
    ----------
    lines : sequence of Line

    Notes
    -----
    A missing label follows from the columns: what has a generator is fake, what has a source is real. Reals without a generator
    belong to every generator of their data set. Reals with a source are the test domain's own only where it has no others; then
    all sources together are, and the AUC of the domain is over all of them.
    """
    labelled = [_labelled(line) for line in lines]
    tests = [line for line in labelled if line.split in ("", "test")]
    yield from (DomainLine(line.domain, line.split, line) for line in labelled if line.split not in ("", "test"))
    sourced = [replace(line, group=f"{line.source}:{line.item}") for line in tests if _is_of_source(line)]
    yield from (DomainLine(line.source, REALS, line) for line in sourced)
    others = [line for line in tests if not _is_of_source(line)]
    generators = {line.domain: line for line in others if line.generator and not line.is_real}
    examples, shared, members_of = dict(generators), [], defaultdict(list)
    for line in others:
        if line.is_real and not line.generator and any(_belongs(line, fake) for fake in generators.values()):
            shared.append(line)  # counts for the generators of its data set, and is no domain
        else:
            examples.setdefault(line.domain, line)
            members_of[line.domain].append(line)
    for domain, example in examples.items():
        members = members_of[domain] + [line for line in shared if _belongs(line, example)]
        if not any(line.is_real for line in members):
            members += _distinct([line for line in sourced if _belongs(line, example)])
        yield from (DomainLine(domain, "test", line) for line in members)


def _labelled(line: Line) -> Line:
    if line.label.strip() or bool(line.generator) == bool(line.source):
        return line
    return replace(line, label="fake" if line.generator else "real")


def _is_of_source(line: Line) -> bool:
    return bool(line.source) and line.is_real


def _belongs(real: Line, fake: Line) -> bool:
    """Return True if a real may be set against the fakes of a domain; what it leaves open fits all."""
    if not fake.generator and not real.source:
        return False
    pairs = ((getattr(real, name), getattr(fake, name)) for name in ("dataset", "compression", "generator"))
    return all(not of_real or of_real == of_fake for of_real, of_fake in pairs)


def _distinct(lines: Sequence[Line]) -> list[Line]:
    """Return the reals of several sources; an item's name that two of them use gets the source before it."""
    times = Counter(item for item, _ in {(line.item, line.source) for line in lines})
    return [replace(line, item=f"{line.source}/{line.item}") if times[line.item] > 1 else line for line in lines]
