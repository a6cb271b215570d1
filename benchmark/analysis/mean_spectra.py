"""
Statistics of spectra over many pictures, one batch after another: memory does not grow with their number.

As in `spectra`, there are two families. *Published* means of signed or complex coefficients (arXiv 2003.08685 for the DCT,
arXiv 2210.14571 for the rest), in which everything cancels whose sign or phase changes from picture to picture; and
*clean* means of log magnitudes, in which nothing does.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import ndimage, special

from ..arrays import Moments
from ..contracts import FAKE, LABEL_NAMES, REAL, ViewSpec
from ..domains.catalogue import OpenDomain
from ..domains.names import chain_of
from ..errors import DataError
from ..features.chunks import Chunk, ChunkTask, task_key
from ..features.prepare import PreparedDomain, Request, prepare_domains, scratch_places, select_items
from ..frequency import dct, spectra
from ..pictures.crops import CropSpec
from ..reporting import Reporter
from ..results.scores import OK, ItemStatus, Reason
from ..store.files import digest
from ..workers import Workers, running_workers

Family = Literal["clean", "published"]
DECIBEL = 10 / np.log(10)  # of ln power
CHANNELS = ("red", "green", "blue")
BATCH_VALUES = 2**20  # pixels that are transformed together: what a processor's cache about holds


# --- what is averaged ------------------------------------------------------------------------------------------------


def unit_range(crops: NDArray) -> NDArray[np.float64]:
    """Grey levels 0..255 to -1..1, the input of the published spectra (arXiv 2210.14571)."""
    return crops / 127.5 - 1.0


def centred_fft(planes: NDArray) -> NDArray[np.complex128]:
    """Orthonormal 2-D FFT with the zero frequency at ``(rows // 2, cols // 2)``, (n, rows, cols)."""
    return np.fft.fftshift(np.asarray(scipy.fft.fft2(planes, axes=(1, 2), norm="ortho")), axes=(1, 2))


def median_highpass(crops: NDArray[np.uint8], size: int = 3) -> NDArray[np.float64]:
    """
    Crops minus their median over `size` x `size` pixels, borders reflected (arXiv 2210.14571).

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols)
    size : int
        Odd.

    Returns
    -------
    array of float64 (n_crops, rows, cols)
        Grey levels, signed.

    Raises
    ------
    DataError
        If `crops` is something else.
    """
    if crops.ndim != 3 or crops.dtype != np.uint8:
        raise DataError(f"median_highpass needs grey crops (n_crops, rows, cols) of uint8, got {crops.shape} of {crops.dtype}.")
    import cv2

    border = size // 2
    padded = np.pad(crops, ((0, 0), (border, border), (border, border)), mode="symmetric")
    smooth = np.stack([cv2.medianBlur(crop, size)[border:-border, border:-border] for crop in padded])
    return crops.astype(np.float64) - smooth


def published_density(crops: NDArray) -> NDArray[np.float64]:
    """
    Radial power density (arXiv 2210.14571): ring means of the squared magnitude of crops in -1..1, without a window.

    Parameters
    ----------
    crops : array (n_crops, rows, cols)
        Grey levels.

    Returns
    -------
    array of float64 (n_crops, n_rings)
        Rings of `spectra.ring_mean`, whose frequencies `spectra.published_ring_frequency` gives.
    """
    return spectra.ring_mean(np.abs(centred_fft(unit_range(crops))) ** 2)


def _log_profile(crops: NDArray) -> NDArray[np.float64]:
    return spectra.power_profile(spectra.radius_power(crops), crops.shape[1:3])[0]


def _density(crops: NDArray) -> NDArray[np.float64]:
    return np.exp(_log_profile(crops)) - spectra.POWER_FLOOR


def _log_dct(crops: NDArray) -> NDArray:
    return dct.log_magnitude(dct.dct2(crops))


def _log_fft_highpass(crops: NDArray) -> NDArray[np.float64]:
    return dct.log_magnitude(np.abs(centred_fft(median_highpass(crops))))


def _fft_highpass(crops: NDArray) -> NDArray[np.complex128]:
    return centred_fft(median_highpass(crops) / 127.5)


# What is averaged over pictures, (n_crops, rows, cols[, 3]) -> (n_crops, ...).
TRANSFORMS: dict[Family, dict[str, Callable[[NDArray], NDArray]]] = {
    "clean": {
        "profile": _log_profile,  # ln grey levels squared
        "density": _density,  # grey levels squared
        "dct": _log_dct,  # ln grey levels
        "fft_highpass": _log_fft_highpass,  # ln grey levels
    },
    "published": {
        "profile": spectra.published_log_rings,  # 20 ln |F|
        "density": published_density,  # of pictures in -1..1
        "dct": dct.dct2,  # grey levels, signed
        "fft_highpass": _fft_highpass,  # of pictures in -1..1, complex
    },
}


def accumulate(crops: NDArray[np.uint8], family: Family, names: Sequence[str]) -> dict[str, Moments]:
    """
    Moments of some spectra of a stack of crops.

    Parameters
    ----------
    crops : array of uint8 (n_crops, side, side), or (n_crops, side, side, 3) for ``dct``
        May be a memory map: it is read batch by batch.
    family : {"clean", "published"}
    names : sequence of str
        Of ``profile``, ``density`` (n_bins,), ``dct`` and ``fft_highpass`` (side, side).

    Returns
    -------
    dict of str to Moments
        Empty if there are no crops.
    """
    step = max(1, BATCH_VALUES // int(np.prod(crops.shape[1:])))
    batches = (np.asarray(crops[start : start + step]) for start in range(0, len(crops), step))
    moments = ({name: Moments.of(TRANSFORMS[family][name](batch)) for name in names} for batch in batches)
    return reduce(_merged, moments, {})


def _merged(one: dict[str, Moments], other: dict[str, Moments]) -> dict[str, Moments]:
    """Sum of the moments of two sets of pictures, either of which may be empty."""
    return {name: one[name] + other[name] for name in one} if one and other else one or other


def profile_frequency(side: int, family: Family) -> NDArray[np.float64]:
    """Frequency of the bins (clean) or rings (published) of ``profile`` and ``density`` in cycles/pixel."""
    if family == "published":
        return spectra.published_ring_frequency(side, side)
    return spectra.power_profile(spectra.radius_power(np.zeros((1, side, side))), (side, side))[1]


def plane_frequency(side: int, name: str) -> NDArray[np.float64]:
    """Frequency of the rows, and of the columns, of a plane in cycles/pixel: of ``fft_highpass``, else of a DCT."""
    return np.arange(-(side // 2), (side + 1) // 2) / side if name == "fft_highpass" else np.arange(side) / (2 * side)


# --- comparing two classes -------------------------------------------------------------------------------------------


def density_error(real: Moments, fake: Moments) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Power of the fakes relative to that of the reals, ``mean fake / mean real - 1`` (arXiv 2210.14571).

    Parameters
    ----------
    real, fake : Moments of ``density``

    Returns
    -------
    error, standard_error : array of float64 (n_bins,)
        The second by linear propagation; both are NaN where the reals have no power.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(real.mean > 0, fake.mean / real.mean, np.nan)
        relative = real.mean_variance / real.mean**2 + fake.mean_variance / fake.mean**2
        return ratio - 1, np.abs(ratio) * np.sqrt(relative)


@dataclass(frozen=True)
class Peak:
    """A coefficient at which real and fake differ more than anywhere near: where, and by how many standard errors more."""

    row: int
    col: int
    prominence: float


# The neighbours that a peak has to rise above: 7 x 7 coefficients without the inner 3 x 3, over which a peak may spread.
NEIGHBOURS = np.pad(np.zeros((3, 3), dtype=bool), 2, constant_values=True)


def isolated_peaks(real: Moments, fake: Moments, periodic: bool, n: int = 5) -> list[Peak]:
    """
    Coefficients that tell real from fake and stand alone, as a regular pattern leaves them.

    Parameters
    ----------
    real, fake : Moments of a plane (rows, cols)
    periodic : bool
        A centred FFT: the plane goes on at its borders, and of a coefficient and its mirror image one is named.
    n : int
        At most so many.

    Returns
    -------
    list of Peak
        The most prominent first. Prominence is by how much Welch's t lies above (or below) that of all neighbours; a peak is
        listed if it would be significant at 5 % as the largest of the whole plane (Bonferroni).
    """
    mode = "wrap" if periodic else "reflect"
    t, freedom = _welch(real, fake)
    above = t - ndimage.maximum_filter(t, footprint=NEIGHBOURS, mode=mode)
    below = ndimage.minimum_filter(t, footprint=NEIGHBOURS, mode=mode) - t
    prominence = np.maximum(above, below)
    significant = 2 * special.stdtr(freedom, -prominence) * t.size < 0.05
    places = np.argwhere(significant & (prominence == ndimage.maximum_filter(prominence, 3, mode=mode)))
    peaks: list[Peak] = []
    rows, cols = t.shape
    for row, col in places[np.argsort(-prominence[tuple(places.T)], kind="stable")].tolist():
        mirror = (2 * (rows // 2) - row) % rows, (2 * (cols // 2) - col) % cols
        if len(peaks) < n and not (periodic and any((peak.row, peak.col) == mirror for peak in peaks)):
            peaks.append(Peak(row, col, float(prominence[row, col])))
    return peaks


def _welch(real: Moments, fake: Moments) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Welch's t and its degrees of freedom; the magnitude of t for complex values, 0 where nothing can be said."""
    gap = fake.mean - real.mean
    if np.iscomplexobj(gap):
        gap = np.abs(gap)
    real_variance, fake_variance = real.mean_variance, fake.mean_variance
    with np.errstate(divide="ignore", invalid="ignore"):
        t = gap / np.sqrt(real_variance + fake_variance)
        freedom = (real_variance + fake_variance) ** 2 / (real_variance**2 / (real.n - 1) + fake_variance**2 / (fake.n - 1))
    defined = np.isfinite(t) & np.isfinite(freedom)
    return np.where(defined, t, 0.0), np.where(defined, freedom, 1.0)


# --- domains ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpectraOptions:
    """
    Selection of pictures, and settings of their mean spectra.

    Attributes
    ----------
    split : {"all", "train", "val", "test"}
    side : int
        Of the centre crop, in pixels.
    family : {"clean", "published"}
    per_channel : bool
        ``dct`` of red, green and blue apart; everything else is grey.
    limit : int or None
        At most so many pictures per class and domain, drawn by `seed`.
    seed : int
    """

    split: str = "all"
    side: int = 128
    family: Family = "clean"
    per_channel: bool = False
    limit: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        CropSpec(self.side)  # refuses a side that cannot be


@dataclass(frozen=True)
class ClassSpectra:
    """
    Spectra of the real or the fake pictures of a domain.

    Attributes
    ----------
    statistics : mapping of str to Moments
        ``profile``, ``density``, ``dct`` and ``fft_highpass``: see `accumulate`.
    contents : tuple of str
        Of every item: SHA-256 or fingerprint, empty where it could not be read.
    problems : tuple of (item id, status, detail)
        Pictures that were left out.
    """

    statistics: Mapping[str, Moments]
    contents: tuple[str, ...]
    problems: tuple[tuple[str, str, str], ...]

    @property
    def n(self) -> int:
        """Pictures that were averaged."""
        return self.statistics["profile"].n

    @property
    def planes(self) -> dict[str, Moments]:
        """Moments of coefficients (side, side): ``dct``, or one such plane for each channel, and ``fft_highpass``."""
        colour = self.statistics["dct"]
        channels = {"dct": colour} if colour.mean.ndim == 2 else {f"dct_{c}": colour[..., i] for i, c in enumerate(CHANNELS)}
        return channels | {"fft_highpass": self.statistics["fft_highpass"]}


@dataclass(frozen=True)
class DomainSpectra:
    """Spectra of both classes of a domain."""

    name: str
    real: ClassSpectra
    fake: ClassSpectra

    @property
    def classes(self) -> tuple[tuple[str, ClassSpectra], ...]:
        """``("real", …), ("fake", …)``."""
        return tuple(zip(LABEL_NAMES, (self.real, self.fake), strict=True))

    @property
    def problems(self) -> tuple[tuple[str, str, str], ...]:
        """Pictures of either class that were left out."""
        return self.real.problems + self.fake.problems

    @property
    def digest(self) -> str:
        """Digest of the contents of all pictures and of their perturbation."""
        return digest([chain_of(self.name), self.real.contents, self.fake.contents])


def measure(
    domains: Sequence[OpenDomain], options: SpectraOptions, *, jobs: int, reporter: Reporter
) -> tuple[DomainSpectra, ...]:
    """
    Average the spectra of some domains; pictures that several of them share are handled once.

    Parameters
    ----------
    domains : sequence of OpenDomain
    options : SpectraOptions
    jobs : int
        Worker processes; the result does not depend on it.
    reporter : Reporter

    Returns
    -------
    tuple of DomainSpectra, in the order of `domains`

    Raises
    ------
    DataError
        If a class of a domain has no usable picture. A single picture that cannot be used does not raise.
    """

    def request(domain: OpenDomain) -> Request:
        return Request(select_items(domain, options.split, options.limit, options.seed, (REAL, FAKE)))

    requests = [request(domain) for domain in domains]
    crop = CropSpec(options.side)
    views = [ViewSpec("profile"), ViewSpec("pixels")] if options.per_channel else [ViewSpec("profile")]
    with scratch_places() as places, running_workers(jobs) as workers:
        prepared = prepare_domains(requests, crop, views, places, workers, reporter)
        pools = [_pool(domain, label) for domain in prepared for label in (REAL, FAKE)]
        by_key: dict[tuple[str, ...], _Pool] = {}
        for pool in pools:
            by_key.setdefault(pool.key, pool)
        reporter.stage("averaging spectra", sum(len(task.items) for pool in by_key.values() for task, _ in pool.parts))
        spectra_of = {key: _measure_pool(pool, options, workers, reporter) for key, pool in by_key.items()}
    classes = [spectra_of[pool.key] for pool in pools]
    return tuple(
        DomainSpectra(domain.name, real, fake) for domain, real, fake in zip(domains, classes[::2], classes[1::2], strict=True)
    )


@dataclass(frozen=True)
class _Pool:
    """
    Prepared pictures of a class of a domain.

    Attributes
    ----------
    domain : str
    label : int
    parts : tuple of (ChunkTask, Chunk)
        Of grey pictures, then of colour.
    """

    domain: str
    label: int
    parts: tuple[tuple[ChunkTask, Chunk], ...]

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Keys of the tasks: equal where the pictures are, as for the reals of all domains of ``procedural``."""
        return tuple(task_key(task) for task, _ in self.parts)


def _pool(prepared: PreparedDomain, label: int) -> _Pool:
    """Collect the chunks of one class of a domain."""
    pairs = zip(prepared.tasks, prepared.chunks, strict=True)
    parts = [pair for pair in pairs if pair[0].items[0].label == label]  # a chunk is of one class
    return _Pool(prepared.domain.name, label, tuple(sorted(parts, key=lambda pair: pair[0].colour)))


def _measure_pool(pool: _Pool, options: SpectraOptions, workers: Workers, reporter: Reporter) -> ClassSpectra:
    total: dict[bool, dict[str, Moments]] = {False: {}, True: {}}  # of grey and of colour crops
    contents: dict[str, str] = {}
    refused: dict[str, ItemStatus] = {}
    for (task, chunk), moments in zip(pool.parts, _in_order(pool, options, workers), strict=True):
        total[task.colour] = _merged(total[task.colour], moments)
        for item, content, status in zip(task.items, chunk.contents, chunk.statuses, strict=True):
            contents[item.id] = content
            if status != OK:
                refused[item.id] = status
        reporter.advance(len(task.items))
    if not total[False]:
        raise DataError(_nothing_left(pool.domain, LABEL_NAMES[pool.label], refused, options.side))
    problems = tuple((name, status.status.value, status.detail) for name, status in refused.items())
    of_reals = {task.reals.key for task, _ in pool.parts if task.reals}  # one, which the perturbed pictures depend on
    return ClassSpectra(total[False] | total[True], (*contents.values(), *of_reals), problems)


def _nothing_left(domain: str, label: str, refused: Mapping[str, ItemStatus], side: int) -> str:
    item, status = next(iter(refused.items()))
    hint = f" Choose a smaller window than --crop {side}." if status.reason is Reason.TOO_SMALL else ""
    return f"{domain}: none of its {len(refused)} {label} pictures can be used; the first, {item}: {status.detail}{hint}"


def _in_order(pool: _Pool, options: SpectraOptions, workers: Workers) -> Iterator[dict[str, Moments]]:
    """Yield the moments of each chunk in the order of the chunks, so that sums do not depend on which worker is faster."""
    ahead: deque = deque()
    for task, chunk in pool.parts:
        ahead.append(workers.submit(_measure_chunk, chunk.folder, options.family, _names(task, options)))
        if len(ahead) > 2 * workers.jobs:  # results that wait take memory
            yield ahead.popleft().result()
    for future in ahead:
        yield future.result()


def _names(task: ChunkTask, options: SpectraOptions) -> tuple[str, ...]:
    if task.colour:
        return ("dct",)
    return tuple(name for name in TRANSFORMS[options.family] if not (options.per_channel and name == "dct"))


def _measure_chunk(folder: str, family: Family, names: Sequence[str]) -> dict[str, Moments]:
    """Return the moments of the crops of a chunk; a worker does it."""
    return accumulate(np.load(Path(folder, "crops.npy"), mmap_mode="r"), family, names)


# --- in numbers ------------------------------------------------------------------------------------------------------


def summary(domains: Sequence[DomainSpectra], options: SpectraOptions) -> dict[str, Any]:
    """
    Numbers behind the curves, and the peaks of the planes, ready for JSON.

    Parameters
    ----------
    domains : sequence of DomainSpectra
        The first is the reference.
    options : SpectraOptions

    Returns
    -------
    dict
        Frequencies in cycles/pixel. Clean profiles are in dB re grey level squared, clean densities in grey levels squared,
        differences at clean peaks in dB; published ones have the units of the publications: see `TRANSFORMS`.
    """
    return {
        "statistics": options.family,
        "split": options.split,
        "crop": options.side,
        "limit": options.limit,
        "seed": options.seed,
        "reference": domains[0].name,
        "frequency": profile_frequency(options.side, options.family).tolist(),
        "domains": [_domain_summary(domain, options) for domain in domains],
    }


def _domain_summary(domain: DomainSpectra, options: SpectraOptions) -> dict[str, Any]:
    x = profile_frequency(options.side, options.family)
    error, standard_error = density_error(domain.real.statistics["density"], domain.fake.statistics["density"])
    certain = np.flatnonzero(np.abs(error) > 3 * standard_error)
    largest = certain[np.abs(error[certain]).argmax()] if certain.size else None
    return {
        "domain": domain.name,
        **{name: _class_summary(spectra_of, options.family) for name, spectra_of in domain.classes},
        "density_error": {"value": error.tolist(), "standard_error": standard_error.tolist()},
        "largest_error": None if largest is None else {"frequency": float(x[largest]), "value": float(error[largest])},
        "peaks": {name: _peaks_summary(domain, name, options) for name in domain.real.planes},
        "problems": [{"item": item, "status": status, "detail": detail} for item, status, detail in domain.problems],
    }


def _class_summary(measured: ClassSpectra, family: Family) -> dict[str, Any]:
    profile, density = measured.statistics["profile"], measured.statistics["density"]
    scale = DECIBEL if family == "clean" else 1.0
    return {
        "pictures": measured.n,
        "skipped": len(measured.problems),
        "profile": {"mean": (scale * profile.mean).tolist(), "std": (scale * profile.std).tolist()},
        "density": {"mean": density.mean.tolist(), "std": density.std.tolist()},
    }


def _peaks_summary(domain: DomainSpectra, name: str, options: SpectraOptions) -> list[dict[str, float]]:
    x = plane_frequency(options.side, name)
    real, fake = domain.real.planes[name], domain.fake.planes[name]
    gap = np.abs(fake.mean - real.mean) if np.iscomplexobj(real.mean) else fake.mean - real.mean
    scale = 2 * DECIBEL if options.family == "clean" else 1.0
    return [
        {
            "horizontal": float(x[peak.col]),
            "vertical": float(x[peak.row]),
            "difference": float(scale * gap[peak.row, peak.col]),
            "prominence": peak.prominence,
        }
        for peak in isolated_peaks(real, fake, periodic=name == "fft_highpass")
    ]
