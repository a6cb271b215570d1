"""
Carriers of the evidence: the part of the spectrum that a detector lives on, on one test domain.

`carrier_tests` asks, by simultaneous intervals, how much of a detector's AUC above 0.5 is left with the peaks of a lattice
alone, without them, after an attack on one part of the spectrum. `decide` turns the answers into one `Carrier`, and
`sentences` into words. Nothing else decides.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any, Self

from ..frequency.bands import Band
from ..metrics.digits import auc_text


class Carrier(StrEnum):
    """Part of the spectrum that carries the evidence of a detector."""

    PEAKS = "peaks"  # of a lattice: alone they suffice, and without them evidence is gone, and not clearly less than half
    CONTINUUM = "continuum"  # what lies between the peaks, in amplitudes
    EITHER = "either"  # the peaks alone suffice, and so does what lies between them
    BOTH = "both"  # neither the peaks alone nor the rest alone holds half of the evidence
    PHASE = "phase"
    NOTHING = "nothing"  # the AUC with all frequencies is near 0.5
    UNDECIDED = "undecided"  # the intervals are too wide, or the answers fit no single part


class Doubt(StrEnum):
    """Reason why a carrier is undecided."""

    WIDE = "wide"  # the AUC with all frequencies is neither clear of 0.5 nor known to be near it
    REVERSED = "reversed"  # fakes rank below reals
    SHARES = "shares"  # the shares of the evidence are not clear, or fit no carrier
    SIDE = "side"  # in crops whose side is no multiple of the period, an anticomb keeps part of the peaks


class Level(Enum):
    """Place of an AUC with respect to 0.5."""

    ABOVE = auto()
    BELOW = auto()
    NEAR = auto()
    UNKNOWN = auto()


class Share(Enum):
    """Share of the evidence, an AUC less 0.5, that is left of what it was."""

    MOST = auto()  # clearly more than half
    LITTLE = auto()  # clearly less than half
    UNCLEAR = auto()
    NOT_ASKED = auto()


@dataclass(frozen=True)
class LatticeAnswers:
    """
    Answers about the peaks of one lattice.

    Attributes
    ----------
    comb_finds : bool
        A detector that was fitted on the comb alone has an AUC clearly above 0.5.
    comb : Share
        Left on the comb alone, of the evidence with all frequencies.
    rest : Share
        Left on the anticomb, of the evidence with all frequencies.
    depeaked : Share
        Left of the evidence on the comb once the peaks are set to the continuum around them.
    falls : bool
        The AUC on the anticomb is clearly below that with all frequencies.
    more_in_finer : bool
        The AUC on the anticomb is clearly above that on the anticomb of the finest lattice.
    separates : bool
        The side of the crop is a multiple of the period. In other crops a peak lies between coefficients, and the anticomb
        keeps part of it.
    """

    comb_finds: bool
    comb: Share
    rest: Share
    depeaked: Share
    falls: bool = False
    more_in_finer: bool = False
    separates: bool = True

    @property
    def are_peaks(self) -> bool:
        """True if the comb alone finds something, and most of it is gone with the peaks, or is not known to be left."""
        return self.comb_finds and self.depeaked is not Share.MOST

    @property
    def needed(self) -> bool:
        """True if the comb alone holds most of the evidence, and some is missing without it, which no finer lattice adds to."""
        return self.comb is Share.MOST and self.falls and self.rest is Share.UNCLEAR and not self.more_in_finer


@dataclass(frozen=True)
class Answers:
    """
    Answers about one detector on one test domain, which hold simultaneously.

    Attributes
    ----------
    whole : Level
        With all frequencies.
    lattices : tuple of LatticeAnswers
        From the coarsest lattice, which the others contain, to the finest.
    match_spectrum, phase_only, amplitude_only : Share
        Left under these attacks on the test pictures, of the evidence with all frequencies.
    """

    whole: Level
    lattices: tuple[LatticeAnswers, ...]
    match_spectrum: Share = Share.NOT_ASKED
    phase_only: Share = Share.NOT_ASKED
    amplitude_only: Share = Share.NOT_ASKED


@dataclass(frozen=True)
class Decision:
    """
    Outcome of `decide`.

    Attributes
    ----------
    carrier : Carrier
    lattice : int or None
        Index of the lattice whose peaks carry evidence; None where peaks have no part in it.
    doubt : Doubt or None
        None unless the carrier is undecided.
    alone : bool
        False for peaks without which it is not clear that more than half of the evidence is gone.
    """

    carrier: Carrier
    lattice: int | None = None
    doubt: Doubt | None = None
    alone: bool = True


def decide(answers: Answers) -> Decision:
    """
    Name the carrier of the evidence.

    A part is named only where every answer that the name rests on is clear. Peaks are those of the coarsest lattice that
    carries them: a lattice of period 4 contains that of period 2, and would do as well.

    Parameters
    ----------
    answers : Answers

    Returns
    -------
    Decision
    """
    if answers.whole is Level.NEAR:
        return Decision(Carrier.NOTHING)
    if answers.whole is not Level.ABOVE:
        return _undecided(Doubt.REVERSED if answers.whole is Level.BELOW else Doubt.WIDE)
    if answers.phase_only is Share.MOST and answers.amplitude_only is Share.LITTLE:
        return Decision(Carrier.PHASE)
    peaked = [i for i, lattice in enumerate(answers.lattices) if lattice.are_peaks]
    carrying = [i for i in peaked if answers.lattices[i].rest is Share.LITTLE]
    if carrying:
        return Decision(Carrier.PEAKS, carrying[0])
    needed = [i for i in peaked if answers.lattices[i].needed]
    if needed:
        return Decision(Carrier.PEAKS, needed[0], alone=False)
    if not answers.lattices:
        return _undecided(Doubt.SHARES)
    if answers.lattices[-1].rest is Share.MOST and _lies_in_amplitudes(answers):
        if not all(lattice.separates for lattice in answers.lattices):
            return _undecided(Doubt.SIDE)
        enough = (i for i, lattice in enumerate(answers.lattices) if _peaks_suffice(lattice))
        first = next(enough, None)
        return Decision(Carrier.CONTINUUM) if first is None else Decision(Carrier.EITHER, first)
    if all(lattice.rest is lattice.comb is Share.LITTLE for lattice in answers.lattices):
        return Decision(Carrier.BOTH, len(answers.lattices) - 1)
    return _undecided(Doubt.SHARES)


def _undecided(doubt: Doubt) -> Decision:
    return Decision(Carrier.UNDECIDED, doubt=doubt)


def _peaks_suffice(lattice: LatticeAnswers) -> bool:
    """Test if the comb alone holds most of the evidence, and holds it in peaks: near a lattice point is continuum, too."""
    return lattice.comb_finds and lattice.comb is Share.MOST and lattice.depeaked is Share.LITTLE


def _lies_in_amplitudes(answers: Answers) -> bool:
    """Test if evidence between the peaks is one of amplitudes: phases lie between the peaks, too."""
    asked = {answers.match_spectrum, answers.amplitude_only} - {Share.NOT_ASKED}
    return answers.amplitude_only is Share.MOST or answers.match_spectrum is Share.LITTLE or not asked


# --- results ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """Mean AUC over the draws with its 95 % interval; bounds are NaN where there are too few pictures."""

    auc: float
    lo: float
    hi: float

    def to_json(self) -> dict[str, float]:
        """JSON form."""
        return {"auc": self.auc, "lo": self.lo, "hi": self.hi}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self | None:
        """Read the JSON form; None for null."""
        return None if data is None else cls(*(math.nan if data[name] is None else data[name] for name in ("auc", "lo", "hi")))

    def __str__(self) -> str:
        auc, low, high = (auc_text(value, digits=2) for value in (self.auc, self.lo, self.hi))
        return auc if math.isnan(self.lo) else f"{auc} ({low}-{high})"


@dataclass(frozen=True)
class LatticeResult:
    """
    AUCs about the peaks of one lattice.

    Attributes
    ----------
    band : Band
        The comb.
    comb, rest : Estimate
        Fitted on the comb alone, and on the anticomb.
    depeaked, comb_depeaked : Estimate or None
        Fitted on all frequencies, and on the comb alone, of intact pictures, and tested after ``depeak`` of the period; None
        where the study does not have it.
    """

    band: Band
    comb: Estimate
    rest: Estimate
    depeaked: Estimate | None = None
    comb_depeaked: Estimate | None = None

    @property
    def period(self) -> int:
        """Period of the lattice in pixels."""
        return self.band.period

    def __str__(self) -> str:
        return f"period {self.period}" + ("" if self.band.points == "all" else f" ({self.band.points})")

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        more = {name: _to_json(getattr(self, name)) for name in ("depeaked", "comb_depeaked")}
        return {"band": self.band.as_dict(), "comb": self.comb.to_json(), "rest": self.rest.to_json(), **more}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        comb, rest = Estimate.from_json(data["comb"]), Estimate.from_json(data["rest"])
        assert comb is not None and rest is not None
        more = (Estimate.from_json(data[name]) for name in ("depeaked", "comb_depeaked"))
        return cls(Band(**data["band"]), comb, rest, *more)


@dataclass(frozen=True)
class CarrierResult:
    """
    Carrier of the evidence of one detector on one test domain, with the AUCs that it follows from.

    Attributes
    ----------
    domain : str
    carrier : Carrier
    lattice : int or None
        Index of the lattice in `lattices` whose peaks carry evidence.
    doubt : Doubt or None
        Reason, where the carrier is undecided.
    whole : Estimate
        With all frequencies.
    lattices : tuple of LatticeResult
        From the coarsest to the finest.
    match_spectrum, phase_only, amplitude_only : Estimate or None
        Fitted on intact pictures with all frequencies and tested under these attacks; None where the study does not have them.
    match_share : Share
        Answer to ``match_spectrum``.
    alone : bool
        See `Decision`.
    """

    domain: str
    carrier: Carrier
    lattice: int | None
    doubt: Doubt | None
    whole: Estimate
    lattices: tuple[LatticeResult, ...]
    match_spectrum: Estimate | None = None
    phase_only: Estimate | None = None
    amplitude_only: Estimate | None = None
    match_share: Share = Share.NOT_ASKED
    alone: bool = True

    @property
    def peaks(self) -> LatticeResult | None:
        """Lattice whose peaks carry evidence."""
        return None if self.lattice is None else self.lattices[self.lattice]

    @property
    def name(self) -> str:
        """Carrier in a few words: ``peaks, period 2``."""
        peaked = self.peaks is not None and self.carrier in (Carrier.PEAKS, Carrier.EITHER)
        return f"{self.carrier}, {self.peaks}" if peaked else str(self.carrier)

    def to_json(self) -> dict[str, Any]:
        """JSON form; the period of the peaks stands beside the carrier."""
        return {
            "domain": self.domain,
            "carrier": self.carrier.value,
            "period": self.peaks.period if self.peaks else None,
            "lattice": self.lattice,
            "doubt": self.doubt.value if self.doubt else None,
            "whole": self.whole.to_json(),
            "lattices": [lattice.to_json() for lattice in self.lattices],
            **{name: _to_json(getattr(self, name)) for name in ATTACKS},
            "match_share": self.match_share.name.lower(),
            "alone": self.alone,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        whole = Estimate.from_json(data["whole"])
        assert whole is not None
        return cls(
            data["domain"],
            Carrier(data["carrier"]),
            data["lattice"],
            Doubt(data["doubt"]) if data["doubt"] else None,
            whole,
            tuple(map(LatticeResult.from_json, data["lattices"])),
            *(Estimate.from_json(data[name]) for name in ATTACKS),
            match_share=Share[data["match_share"].upper()],
            alone=data["alone"],
        )


ATTACKS = ("match_spectrum", "phase_only", "amplitude_only")


def _to_json(estimate: Estimate | None) -> dict[str, float] | None:
    return estimate.to_json() if estimate else None


# --- words -----------------------------------------------------------------------------------------------------------


def sentences(result: CarrierResult, detector: str, train: str) -> tuple[str, str]:
    """
    Describe what a detector lives on, in two sentences.

    Parameters
    ----------
    result : CarrierResult
    detector, train : str
        Its label, and its training domain, which the first sentence names where it is another one than that of the test.

    Returns
    -------
    (str, str)
        The carrier with the AUCs that it rests on, and the other AUCs. Intervals are those of 95 % of single AUCs; the
        decision rests on wider ones, which hold for all of its questions together.
    """
    trained = "" if train == result.domain else f" (trained on {train})"
    return f"on {result.domain} {detector}{trained} {_first(result)}.", f"{_second(result)}."


def _first(result: CarrierResult) -> str:
    whole, peaks = result.whole, result.peaks
    finest = result.lattices[-1] if result.lattices else None
    if result.carrier is Carrier.PEAKS and peaks:
        partly = "" if result.alone else ", though not clearly on them alone"
        return f"lives on the peaks of {peaks}{partly}: {whole} with, {peaks.rest} without"
    if result.carrier is Carrier.EITHER and peaks and finest:
        alone = f"{peaks.comb} on the peaks of {peaks} alone, {finest.rest} without the peaks of {finest}"
        return f"lives on either the peaks or the continuum: {alone}"
    if result.carrier is Carrier.CONTINUUM and finest:
        return f"lives on the continuum: {whole} with all frequencies, {finest.rest} without the peaks of {finest}"
    if result.carrier is Carrier.BOTH and finest:
        parts = f"{finest.comb} on the peaks of {finest} alone, {finest.rest} without them"
        return f"needs peaks and continuum together: {whole} with all frequencies, {parts}"
    if result.carrier is Carrier.PHASE:
        parts = f"{result.phase_only} from phases alone, {result.amplitude_only} from amplitudes alone"
        return f"lives on phases: {whole} with all of the picture, {parts}"
    if result.carrier is Carrier.NOTHING:
        return f"lives on nothing: {whole}, and 0.5 is chance"
    return f"is undecided: {DOUBTS[result.doubt or Doubt.SHARES].format(whole=whole)}"


DOUBTS = {
    Doubt.WIDE: "its AUC of {whole} is neither clear of 0.5, all questions taken together, nor close enough to it",
    Doubt.REVERSED: "it ranks fakes below reals, AUC {whole}",
    Doubt.SHARES: "its AUC is {whole}, and no part of the spectrum clearly holds most of it",
    Doubt.SIDE: (
        "its AUC is {whole}, and the side of the crop is no multiple of each period, so that the rest keeps part of the peaks"
    ),
}
MATCHED = {
    Share.LITTLE: "so it is the fall of the spectrum",
    Share.MOST: "so it is not the fall of the spectrum alone",
}


def _second(result: CarrierResult) -> str:
    parts: list[str] = []
    if result.carrier is Carrier.PEAKS and result.peaks:
        depeaked = f", after depeak {result.peaks.depeaked}" if result.peaks.depeaked else ""
        parts.append(f"the peaks alone have {result.peaks.comb}{depeaked}")
    elif result.carrier not in (Carrier.EITHER, Carrier.BOTH) and result.lattices:
        of_combs = [f"{lattice.comb} (period {lattice.period})" for lattice in result.lattices]
        without = "" if result.carrier is Carrier.CONTINUUM else f", and without the finest it has {result.lattices[-1].rest}"
        parts.append(f"combs alone have {_listed(of_combs)}{without}")
    said = result.carrier is Carrier.PHASE
    attacks = {
        "with the ring means of training reals": result.match_spectrum,
        "from phases alone": None if said else result.phase_only,
        "from amplitudes alone": None if said else result.amplitude_only,
    }
    more = [f"{what} {estimate}" for what, estimate in attacks.items() if estimate]
    if more:
        parts.append(f"it has {_listed(more)}")
    if result.carrier is Carrier.CONTINUUM and result.match_share in MATCHED:
        parts.append(MATCHED[result.match_share])
    text = "; ".join(parts) or "no attack and no comb was tried"
    return text[0].upper() + text[1:]


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
