"""Release dates of domains: of the generator, or of the data set where its fakes came out with it."""

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from ..errors import StudyError, unknown_name
from .catalogue import Catalogue
from .names import DomainName

DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


@dataclass(frozen=True)
class Release:
    """
    Period in which a domain came out: a day, a month or a year.

    Attributes
    ----------
    first, last : date
    """

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read ``2022``, ``2022-08`` or ``2022-08-22``.

        Raises
        ------
        ValueError
            If it is something else, or no day of the calendar.
        """
        match = DATE.fullmatch(text)
        if not match:
            raise ValueError(f"a date is written 2022, 2022-08 or 2022-08-22, got {text!r}.")
        year, month, day = (int(part) if part else None for part in match.groups())
        try:
            first = date(year or 0, month or 1, day or 1)
        except ValueError as error:
            raise ValueError(f"{text} is no date ({error}).") from error
        last_month = month or 12
        last_day = day or calendar.monthrange(first.year, last_month)[1]
        return cls(first, date(first.year, last_month, last_day))

    def is_later(self, other: "Release") -> bool:
        """Return True if this period begins after the other has ended."""
        return self.first > other.last


def releases(domains: Iterable[str], catalogue: Catalogue, stated: Mapping[str, str], seed: int = 0) -> dict[str, Release]:
    """
    Return the releases of those domains that have one.

    Parameters
    ----------
    domains : iterable of str
        Perturbed or not.
    catalogue : Catalogue
    stated : mapping of str to str
        Dates of a study by name of a domain, or of a data set for all of its domains; they come before those that data sets
        know (`Dataset.released`).
    seed : int

    Raises
    ------
    StudyError
        If a stated name is none of the domains, or a date cannot be read.
    """
    names = {domain: DomainName.parse(domain).unperturbed for domain in domains}
    known = {str(name) for name in names.values()} | {name.dataset for name in names.values()}
    for name in stated:
        if name not in known:
            raise StudyError("dates: " + unknown_name("domain of this run", name, sorted(known)))
    found = {}
    for domain, name in names.items():
        text = stated.get(str(name)) or stated.get(name.dataset)
        text = text or catalogue.open(domain, seed).released(name.part)
        if text:
            try:
                found[domain] = Release.parse(text)
            except ValueError as error:
                raise StudyError(f"dates: {domain}: {error}") from error
    return found
