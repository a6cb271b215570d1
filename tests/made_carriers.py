"""Rows that say what a detector lives on, made by hand."""

from collections.abc import Sequence

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.carriers import Carrier, CarrierResult, Estimate, LatticeResult
from bandbench.benchmark.results.rows import Row

COMB = Band("comb", period=8)


def estimate(auc: float) -> Estimate:
    """An AUC with an interval of a tenth to either side."""
    return Estimate(auc, round(auc - 0.1, 6), round(auc + 0.1, 6))


def carrier_result(domain: str, carrier: Carrier = Carrier.PEAKS) -> CarrierResult:
    """A result with one lattice, of period 8, and all attacks."""
    lattice = LatticeResult(COMB, estimate(0.85), estimate(0.55), estimate(0.52), estimate(0.51))
    index = 0 if carrier is Carrier.PEAKS else None
    attacks = map(estimate, (0.86, 0.5, 0.83))
    return CarrierResult(domain, carrier, index, None, estimate(0.9), (lattice,), *attacks)


def carrier_row(detector: str, train: str, domains: Sequence[str]) -> Row:
    """The first row of a cell, which lives on peaks on every domain; its cell is called after the training domain."""
    return Row(detector, train, "chosen", Band(), cell=train, study="made", carriers=tuple(map(carrier_result, domains)))


def comb_row(cell: str) -> Row:
    """A row of a comb that a study names."""
    return Row("dct_ridge", cell, "fixed", COMB, cell=cell, study="made")
