"""Settings of the published band search; a module of its own, which needs none of the libraries of the published loop."""

from dataclasses import dataclass

CUTOFFS = (2, 4, 6, 8, 10, 12, 15, 18)
ORDERS = (1, 5, 10)
N_BANDS, MANY_BANDS = 48, 480


@dataclass(frozen=True)
class Setting:
    """A Butterworth low or high pass as published: cut-off in DFT index units."""

    kind: str
    cutoff: float
    order: int


def settings(n_bands: int = N_BANDS) -> list[Setting]:
    """Settings of a study: low and high pass, 3 orders, and the 8 published cut-offs or as many more as it takes."""
    n = n_bands // (2 * len(ORDERS))
    finer = [CUTOFFS[0] + (CUTOFFS[-1] - CUTOFFS[0]) * i / (n - 1) for i in range(n)]
    cutoffs = CUTOFFS if n_bands == N_BANDS else finer
    return [Setting(kind, cutoff, order) for kind in ("low", "high") for cutoff in cutoffs for order in ORDERS]
