"""
Names of domains: ``DATASET[/VARIANT][@COMPRESSION][+PERTURBATION ...]``, as in ``ffpp/Deepfakes@c23+jpeg:quality=50``.

This module splits and joins such names and knows nothing of the data sets and perturbations that they name, so that to read a
name costs no import of what is behind it.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Self

REALS: Literal["reals"] = "reals"  # split of the reals of a source, which fakes are set against, see `domains.reals`


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
