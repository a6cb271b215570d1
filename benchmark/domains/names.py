"""
Names of domains: ``DATASET[/VARIANT][@COMPRESSION][+PERTURBATION ...]``, as in ``ffpp/Deepfakes@c23+jpeg:quality=50``.

A training is named by its domains: ``A``, or ``A & B`` for a pool, or ``A & 10 shots of C`` with a few pictures of a target.

This module splits and joins such names and knows nothing of the data sets and perturbations that they name, so that to read a
name costs no import of what is behind it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Self

REALS: Literal["reals"] = "reals"  # split of the reals of a source, which fakes are set against, see `domains.reals`

POOL_MARK = " & "  # between the members of a pool
SHOTS_OF = " shots of "
MOST_LISTED = 2  # members that the label of a pool names


@dataclass(frozen=True)
class DomainName:
    """
    Name of a domain, in its parts; ``str`` joins them.

    Attributes
    ----------
    dataset : str
        Data set, by the name that a run knows it under.
    variant : str
        Generator or manipulation method; empty for a data set that is one domain.
    compression : str
        ``c23``, ``raw``, a quality; empty where the data set has one compression.
    chain : str
        Perturbations as they were written, joined by ``+``; empty for none. `perturbations.parse_chain` reads them.
    """

    dataset: str
    variant: str = ""
    compression: str = ""
    chain: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Split a name.

        No text is refused: a mark with nothing before or behind it counts as a letter, so that ``str`` returns what was read.
        One spelling is not kept: ``ffpp@c23/Deepfakes`` becomes ``ffpp/Deepfakes@c23``.
        """
        plain, chain = _split(text, "+")
        dataset, part = _split(plain, "/")
        variant, compression = _split(part, "@")
        if not compression:
            dataset, compression = _split(dataset, "@")
        return cls(dataset, variant, compression, chain)

    def __str__(self) -> str:
        plain = self.dataset + (f"/{self.variant}" if self.variant else "")
        return plain + (f"@{self.compression}" if self.compression else "") + (f"+{self.chain}" if self.chain else "")

    @property
    def part(self) -> str:
        """Part of the data set, ``VARIANT[@COMPRESSION]`` or ``@COMPRESSION``; empty for a name of all of it."""
        return self.variant + (f"@{self.compression}" if self.compression else "")

    @property
    def unperturbed(self) -> "DomainName":
        """Name of the domain whose pictures are perturbed."""
        return replace(self, chain="")


def _split(text: str, mark: str) -> tuple[str, str]:
    """Split at the first mark; a text without one, or with nothing before or behind it, stays whole."""
    before, _, behind = text.partition(mark)
    return (before, behind) if before and behind else (text, "")


@lru_cache(maxsize=4096)
def _parsed(text: str) -> DomainName:
    return DomainName.parse(text)


def chain_of(domain: str) -> str:
    """Return the perturbations of a domain's name; empty if it has none."""
    return _parsed(domain).chain


def unperturbed(domain: str) -> str:
    """Return the name of the domain whose pictures a perturbed one shows."""
    return str(_parsed(domain).unperturbed)


def dataset_name(domain: str) -> str:
    """Return the name of the data set that a domain, perturbed or not, belongs to."""
    return _parsed(domain).dataset


def own_source(domain: str, sources: Collection[str]) -> str:
    """
    Return the source that the reals of a test domain are from: the domain where it is named as one, else its data set.

    >>> own_source("ffhq/sd", ["ffhq", "celeba"]), own_source("ffhq/sd", ["ffhq/sd"]), own_source("ffhq/sd+blur:sigma=1.5", [])
    ('ffhq', 'ffhq/sd', 'ffhq')
    """
    return domain if domain in sources else dataset_name(domain)


@dataclass(frozen=True)
class Shots:
    """
    A few pictures of a target domain that are added to a training.

    Attributes
    ----------
    n : int
        Pictures per class, of the training split of the domain.
    domain : str
    """

    n: int
    domain: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read ``10 shots of DOMAIN``; None for any other text."""
        n, mark, domain = text.partition(SHOTS_OF)
        return cls(int(n), domain) if mark and domain and n.isdecimal() and int(n) else None

    def __str__(self) -> str:
        return f"{self.n}{SHOTS_OF}{self.domain}"


@dataclass(frozen=True)
class Training:
    """
    Training data of a row, by name; ``str`` joins its parts.

    Attributes
    ----------
    members : tuple of str
        Domains whose training and validation pictures are used; those of several are pooled.
    shots : tuple of Shots
        Pictures of target domains, of which nothing else is used.
    """

    members: tuple[str, ...]
    shots: tuple[Shots, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split a name; no text is refused, and one without a mark is the name of one domain."""
        parts = text.split(POOL_MARK)
        shots = [Shots.parse(part) for part in parts]
        members = tuple(part for part, of_target in zip(parts, shots, strict=True) if not of_target)
        return cls(members, tuple(filter(None, shots)))

    def __str__(self) -> str:
        return POOL_MARK.join(self.parts)

    @property
    def is_plain(self) -> bool:
        """True if it is one domain, without shots of another."""
        return len(self.members) == 1 and not self.shots

    @property
    def targets(self) -> tuple[str, ...]:
        """Domains that shots are taken from."""
        return tuple(shots.domain for shots in self.shots)

    @property
    def domains(self) -> tuple[str, ...]:
        """Members and targets."""
        return (*self.members, *self.targets)

    @property
    def n_shots(self) -> int:
        """Pictures per class of the target; 0 without a target."""
        return max((shots.n for shots in self.shots), default=0)

    def is_home(self, domain: str) -> bool:
        """Return True if a domain, perturbed or not, shows the pictures of a member."""
        return unperturbed(domain) in map(unperturbed, self.members)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its parts: members, then the shots of each target."""
        return (*self.members, *map(str, self.shots))

    def to_json(self) -> str | list[str]:
        """JSON form: a text for one domain, a list of the parts otherwise."""
        return str(self) if self.is_plain else list(self.parts)

    def label(self, tested: Iterable[str] = ()) -> str:
        """
        Return a short name for people.

        Parameters
        ----------
        tested : iterable of str
            Test domains of the row: a pool of nearly all of them is named by those that it leaves out.
        """
        pool = POOL_MARK.join(self.members)
        if len(self.members) > MOST_LISTED:
            names = dict.fromkeys(map(unperturbed, tested))
            others = [name for name in names if not self.is_home(name)]
            at_home = len(names) - len(others)
            if at_home == len(set(map(unperturbed, self.members))) and 1 <= len(others) <= MOST_LISTED:
                pool = f"all but {' and '.join(others)}"
            else:
                shown = POOL_MARK.join(self.members[:MOST_LISTED])
                pool = f"{shown}{POOL_MARK}{len(self.members) - MOST_LISTED} more"
        return POOL_MARK.join((pool, *map(str, self.shots)))


@lru_cache(maxsize=4096)
def training(text: str) -> Training:
    """Return the parts of a training's name."""
    return Training.parse(text)


def training_of_json(value: str | Iterable[str]) -> str:
    """Return the name of a training from its JSON form."""
    return value if isinstance(value, str) else POOL_MARK.join(value)


def training_domains(names: Iterable[str]) -> tuple[str, ...]:
    """Return the domains of several trainings, each once: members and targets."""
    return tuple(dict.fromkeys(domain for name in names for domain in training(name).domains))
