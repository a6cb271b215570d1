"""`bandbench.spectra` and `bandbench.audit`: the pictures of domains, without a detector and with two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..benchmark.analysis.mean_spectra import DomainSpectra, SpectraOptions
from ..benchmark.search.alike import Experiment

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Spectra:
    """Mean spectra of the real and fake pictures of some domains; the first domain is the reference."""

    domains: tuple[DomainSpectra, ...]
    options: SpectraOptions

    def to_pandas(self) -> "pd.DataFrame":
        """Return the radial profiles: a line per domain, class and frequency."""
        raise NotImplementedError

    def plot(self, name: str = "profile") -> "Figure":
        """Draw one of the pictures of ``bench spectra``."""
        raise NotImplementedError


def spectra(
    domains: str | Sequence[str] | None = None,
    *,
    data: Mapping[str, Any] | None = None,
    groups: Mapping[str, str | PathLike[str]] | None = None,
    group_by: Mapping[str, str] | None = None,
    reference: str | None = None,
    split: str = "all",
    crop: int = 128,
    limit: int | None = None,
    seed: int = 0,
    per_channel: bool = False,
    faithful: bool = False,
    jobs: int | None = None,
    progress: bool = True,
) -> Spectra:
    """Average the spectra of the real and fake pictures of some domains."""
    raise NotImplementedError


@dataclass(frozen=True)
class Audit:
    """Outcome of the audit of some domains."""

    experiments: tuple[Experiment, ...]


def audit(
    domains: str | Sequence[str] | None = None,
    *,
    data: Mapping[str, Any] | None = None,
    groups: Mapping[str, str | PathLike[str]] | None = None,
    group_by: Mapping[str, str] | None = None,
    detector: str | Sequence[str] | None = None,
    quality: int = 75,
    crop: int = 128,
    draws: int = 5,
    seed: int = 0,
    jobs: int | None = None,
    progress: bool = True,
) -> Audit:
    """Test if the classes of a domain can be told by their files, and if detectors lose when all are stored alike."""
    raise NotImplementedError
