"""The record of a shortcut audit: the separation of the classes of a domain by facts of their files alone."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import nan
from typing import Any, Self

from ..metrics.digits import measured_text

SHORTCUT_AUC = 0.6  # lower bound of an AUC from facts of the files above which a row is marked


@dataclass(frozen=True)
class Shortcut:
    """
    Audit of a domain: the separation of its classes by facts of the files alone (`audit`).

    Attributes
    ----------
    auc, lo, hi : float
        Of the detector `file_facts` by cross-fitting over all pictures of the domain that a run reads, with the 95 % interval.
    fact : str
        The fact that separates best on its own.
    values : tuple of str
        Usual values of that fact among reals, and among fakes.
    ambiguous : bool
        True if a generator may leave this trace itself, so that it may be evidence and no shortcut.
    """

    auc: float
    lo: float
    hi: float
    fact: str
    values: tuple[str, ...] = ()
    ambiguous: bool = False

    @property
    def is_marked(self) -> bool:
        """True if facts of the files alone separate the classes clearly."""
        return self.lo > SHORTCUT_AUC

    @property
    def is_unambiguous(self) -> bool:
        """True if it is marked, and by facts that no generator leaves itself: format, size, quality, EXIF and the like."""
        return self.is_marked and not self.ambiguous

    def sentence(self, domain: str, source: str = "") -> str:
        """Return the finding on a domain, or on its fakes and the reals of a source, as one sentence."""
        real, fake = self.values or ("unknown", "unknown")
        subject = f"the fakes of {domain} and the reals of {source}" if source else f"the classes of {domain}"
        start = f"{subject} differ in {self.fact}: {real} (real) against {fake} (fake)"
        reach = f"AUC {measured_text(self.auc, self.lo, self.hi, ' to ')}"
        if not self.ambiguous:
            return f"{start}; facts of the files alone reach {reach}."
        return (
            f"{start}; a detector of this and other traces in the pixels reaches {reach}. This is ambiguous: the generator may "
            "have left them, or one class was resized or compressed in another way than the other."
        )

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {**{part.name: getattr(self, part.name) for part in fields(self)}, "values": list(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self | None:
        """Read the JSON form; None where no audit was made."""
        if data is None:
            return None
        numbers = {name: nan if data[name] is None else data[name] for name in ("auc", "lo", "hi")}
        return cls(**numbers, fact=data["fact"], values=tuple(data["values"]), ambiguous=data.get("ambiguous", False))
