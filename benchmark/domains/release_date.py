"""The date on which a domain came out, as precise as it is known: a day, a month or a year."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Self

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
