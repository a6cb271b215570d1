"""Mean spectra of the real and fake pictures of domains."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..benchmark.analysis.mean_spectra import (
    DomainSpectra,
    SpectraOptions,
    density_error,
    measure,
    profile_frequency,
    summary,
)
from ..benchmark.analysis.spectra_figures import Picture, pictures, save_for_paper, save_html, save_png, spectra_figure
from ..benchmark.domains.catalogue import OpenDomain
from ..benchmark.domains.names import dataset_name
from ..benchmark.errors import BenchError, DataError, unknown_name
from ..benchmark.figures.formats import FigureFormat
from ..benchmark.invocation import bench
from ..benchmark.reporting import Reporter, Silence
from ..benchmark.store.files import atomic_path
from ..benchmark.store.folders import ensure_writable
from .data import GivenData
from .notes import left_out_text
from .options import OptionError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LABELS = ("real", "fake")
FORMATS = (FigureFormat.png,)
PARTS = (("", "mean"), ("_std", "std"))  # of a column


@dataclass(frozen=True, eq=False)
class Spectra:
    """
    Mean spectra of the real and fake pictures of some domains.

    Attributes
    ----------
    domains : tuple of DomainSpectra
        The first is the reference of differences. Moments of each class are in ``real.statistics`` and ``fake.statistics``:
        ``profile`` and ``density`` (n_bins,), ``dct`` and ``fft_highpass`` (side, side).
    options : SpectraOptions
    opened : tuple of OpenDomain
    notes : tuple of str
        Remarks that the command line prints: domains that were left out, how data sets were read.
    """

    domains: tuple[DomainSpectra, ...]
    options: SpectraOptions
    opened: tuple[OpenDomain, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> list[tuple[str, str, str, str]]:
        """Pictures that were left out: (domain, item, status, detail)."""
        return [(domain.name, *problem) for domain in self.domains for problem in domain.problems]

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Numbers behind the curves and the isolated peaks of the planes, as ``bench spectra --json`` writes them."""
        return summary(self.domains, self.options)

    def to_pandas(self) -> "pd.DataFrame":
        """
        Return the radial profiles.

        Returns
        -------
        DataFrame
            A line for each domain, class and frequency: ``frequency`` in cycles/pixel; mean and standard deviation over the
            pictures of ``profile`` (dB re grey level squared) and ``density`` (grey levels squared; the units of the
            publications with ``faithful=True``); and ``density_error``, the power of the fakes relative to that of the reals
            of the domain, less 1.
        """
        import pandas as pd

        frequency = profile_frequency(self.options.side, self.options.family)
        frames = []
        for facts, domain in zip(self.summary["domains"], self.domains, strict=True):
            error, _ = density_error(domain.real.statistics["density"], domain.fake.statistics["density"])
            for label in LABELS:
                columns = {f"{name}{end}": facts[label][name][part] for name in ("profile", "density") for end, part in PARTS}
                numbers = {"frequency": frequency, **columns, "density_error": np.asarray(error)}
                frames.append(pd.DataFrame({"domain": domain.name, "label": label, **numbers}))
        return pd.concat(frames, ignore_index=True)

    def plot(self, name: str = "profile") -> "Figure":
        """
        Draw one of the pictures of ``bench spectra``.

        Parameters
        ----------
        name : {"profile", "dct", "fft_highpass", "density_error"}
            ``dct_red`` … instead of ``dct`` with ``per_channel=True``.

        Raises
        ------
        OptionError
            If there is no such picture.
        """
        shown = {picture.name: picture for picture in self._pictures}
        if name not in shown:
            raise OptionError(unknown_name("picture of spectra", str(name), shown))
        return spectra_figure(shown[name])

    def save(
        self,
        folder: str | PathLike[str],
        formats: Sequence[FigureFormat] = FORMATS,
        html: bool = False,
        reporter: Reporter | None = None,
    ) -> list[Path]:
        """
        Write all pictures into a folder.

        Parameters
        ----------
        folder : str or path
        formats : sequence of FigureFormat
            ``png`` for a screen, ``svg`` and ``pdf`` in the sizes of a paper.
        html : bool
            Also write interactive pages, which need no network.
        reporter : Reporter, optional

        Returns
        -------
        list of Path

        Raises
        ------
        BenchError
            If a file cannot be written.
        """
        out, told = ensure_writable(Path(folder), "the folder of the spectra"), reporter or Silence()
        savers = {f".{kind}": partial(save_for_paper, kind=FigureFormat(kind)) for kind in formats}
        savers |= ({".png": save_png} if ".png" in savers else {}) | ({".html": save_html} if html else {})
        told.stage("drawing", len(self._pictures) * len(savers))
        files = []
        for picture in self._pictures:
            for suffix, save in savers.items():
                path = out / f"{picture.name}{suffix}"
                try:
                    with atomic_path(path, durable=False) as temporary:
                        save(temporary, picture)
                except OSError as error:
                    raise BenchError(f"cannot write {path} ({error.strerror}); choose another folder.") from error
                files.append(path)
                told.advance()
        return files

    @cached_property
    def _pictures(self) -> list[Picture]:
        return pictures(self.domains, self.options.side, self.options.family)

    def __repr__(self) -> str:
        counted = (f"{domain.name}: {domain.real.n} real, {domain.fake.n} fake" for domain in self.domains)
        return f"Spectra({'; '.join(counted)})"


def measure_spectra(
    names: Sequence[str], reference: str | None, data: GivenData, options: SpectraOptions, *, jobs: int, reporter: Reporter
) -> Spectra:
    """
    Average the spectra of some domains.

    Parameters
    ----------
    names : sequence of str
        Domains, or data sets; empty for those of `data`.
    reference : str or None
        Domain that the others are compared with; None for the first one.
    data : GivenData
    options : SpectraOptions
    jobs : int
        Worker processes.
    reporter : Reporter

    Raises
    ------
    DataError
        If a domain is unknown, none is named, or a class of one has no usable picture.
    """
    reporter.stage("reading the domains", None)
    opened, left_out = _open(names, reference, data, options)
    for domain, reason in left_out.items():
        reporter.note(left_out_text(domain, reason))
    return Spectra(measure(opened, options, jobs=jobs, reporter=reporter), options, tuple(opened))


def _open(
    names: Sequence[str], reference: str | None, data: GivenData, options: SpectraOptions
) -> tuple[list[OpenDomain], dict[str, str]]:
    """Return the domains, the reference first, and the reasons of those left out of whole data sets."""
    catalogue, named = data.catalogue(), data.names
    first = catalogue.expand([reference], options.seed) if reference else []
    if len(first) > 1:
        raise DataError(f"--reference is one domain; {reference} has several: {', '.join(first)}.")

    def opened(name: str) -> OpenDomain:
        return catalogue.domain(name, options.seed, any_split=options.split == "all")

    chosen = catalogue.choose([*first, *(names or named)], options.seed, lambda name: _lacks(opened(name), options))
    chosen_names = chosen.domains
    if not chosen_names:
        example = bench("spectra procedural/planted")
        raise DataError(f"no domain is named; try `{example}`, or --data mine=DIR for your own pictures.")
    for name in named:
        if name not in map(dataset_name, chosen_names):
            raise DataError(f"--data {name} is not used; name {name} among the domains, or leave it out.")
    return [opened(name) for name in chosen_names], chosen.left_out


def _lacks(domain: OpenDomain, options: SpectraOptions) -> str:
    """Name the class of which a domain has no picture that is wanted; empty if it has both."""
    labels = {item.label for item in domain.items if options.split in ("all", item.split)}
    missing = [name for label, name in enumerate(LABELS) if label not in labels]
    return f"no {' and no '.join(missing)} picture" if missing else ""
