"""The record of a published number beside the number that was measured here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isnan, nan
from typing import Any, Self

from ..contracts import HowKnown, Reported

HOW_KNOWN = {
    HowKnown.READ: "read in the publication",
    HowKnown.SECOND_HAND: "second-hand",
    HowKnown.MEMORY: "from memory, to be confirmed",
}


class Incomparable(StrEnum):
    """Reason why a published number has no measured one beside it."""

    METRIC = "metric"
    DATA = "data"
    PARAMETERS = "parameters"
    TRAINING = "training"
    UNDEFINED = "undefined"

    @property
    def meaning(self) -> str:
        """One clause for people."""
        return MEANINGS[self]


MEANINGS = {
    Incomparable.METRIC: "not measured here: another metric",
    Incomparable.DATA: "not measured here: the row was not tested on these data",
    Incomparable.PARAMETERS: "not measured here: the published parameters are others, or the row is of a band",
    Incomparable.TRAINING: "not measured here: the published training data are others",
    Incomparable.UNDEFINED: "not measured here: the number is undefined on this row's test pictures",
}
ACCURACY = "not measured here: accuracy; balanced accuracy is another number unless the classes are equally large"


@dataclass(frozen=True)
class ReportedResult:
    """
    A published number, and the measured one where both are the same metric on the same data.

    Attributes
    ----------
    reported : Reported
    measured, measured_lo, measured_hi : float
        With the 95 % interval; NaN where it was not measured, or has no interval.
    difference : float
        Measured less reported; NaN where it was not measured.
    holds : bool or None
        True if the interval of the measured number holds the reported one; None without an interval.
    reason : Incomparable or None
        None where it was measured.
    """

    reported: Reported
    measured: float = nan
    measured_lo: float = nan
    measured_hi: float = nan
    reason: Incomparable | None = None

    @property
    def difference(self) -> float:
        """Measured less reported."""
        return self.measured - self.reported.value

    @property
    def holds(self) -> bool | None:
        """True if the 95 % interval of the measured number holds the reported one; None without an interval."""
        if isnan(self.measured_lo) or isnan(self.measured_hi):
            return None
        return self.measured_lo <= self.reported.value <= self.measured_hi

    @property
    def remark(self) -> str:
        """Outcome for people: the answer of the interval, or the reason why nothing is compared."""
        if self.reason is Incomparable.METRIC and self.reported.metric.lower().endswith("accuracy"):
            return ACCURACY
        if self.reason is not None:
            return self.reason.meaning
        if self.holds is None:
            return "the measured number has no interval"
        return "the interval holds it" if self.holds else "the interval does not hold it"

    def to_json(self) -> dict[str, Any]:
        """JSON form: that of the published number, with the measured one and the outcome."""
        numbers = {name: getattr(self, name) for name in ("measured", "measured_lo", "measured_hi", "difference", "holds")}
        reason = self.reason.value if self.reason else ""
        return self.reported.to_json() | numbers | {"reason": reason, "remark": self.remark}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; null numbers become NaN."""
        derived = {"measured", "measured_lo", "measured_hi", "difference", "holds", "reason", "remark"}
        numbers = {name: nan if data[name] is None else data[name] for name in ("measured", "measured_lo", "measured_hi")}
        published = Reported.from_json({name: value for name, value in data.items() if name not in derived})
        return cls(published, **numbers, reason=Incomparable(data["reason"]) if data["reason"] else None)
