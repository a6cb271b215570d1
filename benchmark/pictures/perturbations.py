"""
Perturbations of pictures: noise, blur, JPEG, crop and resize, filters.

A perturbed domain is a domain, ``DOMAIN+NAME[:faithful][:parameter=value ...]``, and perturbations are chained from left to
right: ``procedural/planted+jpeg:quality=50+noise:sd=5``. The clean ones have a strength that is told; the ``faithful`` ones do
what the programs of arXiv 2003.08685 and 2210.14571 do, slips included. Both take ``probability``, the share of pictures
that are changed. What is drawn is drawn for each picture from its content, so order and workers change nothing.
"""

import hashlib
import inspect
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import StudyError, unknown_name
from ..frequency.bands import Band, Kind
from ..frequency.filters import PublishedKind, fda, filter_pixels, published_fda, published_filter

VERSION = 1  # raised when a change moves a pixel
RANGES = {
    "sd": (0, 255),
    "sigma": (0, 50),
    "kernel": (1, 99),
    "quality": (1, 100),
    "share": (0, 0.5),
    "cutoff": (0.001, 0.707),
    "width": (0.001, 0.707),
    "order": (1, 20),
    "radius": (1, 10_000),
    "beta": (0, 0.5),
    "probability": (0, 1),
    "side": (0, 4096),
}
NUMBER = r"\d*\.?\d+(?:e-?\d+)?"
NOT_DRAWN = ("kernel", "probability", "side")  # of which there are no ranges
GRID = 8  # pixels between the blocks of JPEG
PUBLISHED_SIGMA = 4  # OpenCV's code of the default border, handed over in the place of sigma

Picture = NDArray[np.uint8]
Kernel = Callable[..., Picture]
Strength = float | tuple[float, float]


def _rounded(values: Any) -> Picture:
    """Real numbers to grey levels."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


# --- clean -----------------------------------------------------------------------------------------------------------


def noise(picture: Picture, rng: np.random.Generator, *, sd: float = 10.0) -> Picture:
    """
    Add Gaussian noise, to every channel its own.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    sd : float
        Standard deviation in grey levels.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded and clipped.
    """
    return _rounded(picture + rng.normal(0, sd, picture.shape))


def blur(picture: Picture, rng: np.random.Generator, *, sigma: float = 1.5) -> Picture:
    """
    Blur by a Gaussian that is cut off beyond 4 sigma, borders mirrored.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    sigma : float
        In pixels.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded.
    """
    import cv2

    if sigma == 0:
        return picture
    # In float64: for uint8 OpenCV cuts the kernel off at 3 sigma and takes its weights to 8 bits.
    return _rounded(cv2.GaussianBlur(picture.astype(np.float64), (0, 0), sigma))


def jpeg(picture: Picture, rng: np.random.Generator, *, quality: int = 50) -> Picture:
    """
    Write as JPEG (colour with halved chroma, as most programs do) and read again.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        RGB if in colour.
    rng : Generator
        Not used.
    quality : int
        Of libjpeg, 1 to 100.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def crop(picture: Picture, rng: np.random.Generator, *, share: float = 0.1) -> Picture:
    """
    Cut off the borders and enlarge what is left to the size it had, by cubic interpolation.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    share : float
        Of each side that is cut off, half of it at either end.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    import cv2

    rows, cols = picture.shape[:2]
    y, x = round(rows * share / 2), round(cols * share / 2)
    return _uint8(cv2.resize(picture[y : rows - y, x : cols - x], (cols, rows), interpolation=cv2.INTER_CUBIC))


def alike(picture: Picture, rng: np.random.Generator, *, quality: int = 75, side: int = 0) -> Picture:
    """
    Store a picture as all others: at a random crop phase, in one size, as JPEG of one quality.

    A shortcut that lies in the storage of one class (format, quality, the grid of 8 pixels, size) is afterwards in both.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        RGB if in colour.
    rng : Generator
    quality : int
        Of libjpeg, 1 to 100.
    side : int
        Length of the shorter side after resampling, in pixels; 0 for the length that the picture has.

    Returns
    -------
    array of uint8 (rows, cols[, 3])
        Up to 7 rows and columns are cut off at the top and the left.
    """
    import cv2

    y, x = rng.integers(0, GRID, 2) if min(picture.shape[:2]) > GRID else (0, 0)
    picture = np.ascontiguousarray(picture[y:, x:])
    if side:
        rows, cols = picture.shape[:2]
        scale = side / min(rows, cols)
        size = max(side, round(cols * scale)), max(side, round(rows * scale))
        picture = _uint8(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))
    return jpeg(picture, rng, quality=quality)


def combined(
    picture: Picture, rng: np.random.Generator, *, sd: float = 10.0, sigma: float = 1.5, quality: int = 50, share: float = 0.1
) -> Picture:
    """
    Do one of the four, drawn for each picture; parameters as there.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    sd, sigma, quality, share : float
        Of `noise`, `blur`, `jpeg` and `crop`.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    drawn = int(rng.uniform(0, 4))
    if drawn == 0:
        return noise(picture, rng, sd=sd)
    if drawn == 1:
        return blur(picture, rng, sigma=sigma)
    return jpeg(picture, rng, quality=quality) if drawn == 2 else crop(picture, rng, share=share)


def lowpass(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.134, order: int = 1) -> Picture:
    """
    Butterworth low pass in the pixels, by the DFT of the whole picture: real part, rounded, clipped, the mean kept.

    The default is the radius of 30 DFT bins at 224 pixels of a thesis on middle frequencies (2024, github.com/Julianwustl).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    cutoff : float
        Where the gain is 1/2, in cycles/pixel.
    order : int

    Returns
    -------
    array of uint8, shape of `picture`
    """
    return _filtered(picture, "low", cutoff, 0, order)


def highpass(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.134, order: int = 1) -> Picture:
    """High pass; else as `lowpass`. The mean is kept, so what is left stays signed."""
    return _filtered(picture, "high", cutoff, 0, order)


def bandpass(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.2, width: float = 0.1, order: int = 1) -> Picture:
    """Band pass around `cutoff`, of `width` between its points of gain 1/2, in cycles/pixel; else as `lowpass`."""
    return _filtered(picture, "band", cutoff, width, order)


def bandstop(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.2, width: float = 0.1, order: int = 1) -> Picture:
    """Band stop: remove the frequencies that `bandpass` passes."""
    return _filtered(picture, "stop", cutoff, width, order)


def _filtered(picture: Picture, kind: Kind, cutoff: float, width: float, order: int) -> Picture:
    return filter_pixels(picture[None], Band(kind, cutoff, width, order, "pixels"))[0]


def adapted(picture: Picture, rng: np.random.Generator, *, beta: float = 0.01) -> Picture:
    """
    Fourier domain adaptation: the lowest frequencies get the amplitudes of a reference, a `foreign_picture`.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    beta : float
        See `filters.swap_amplitudes`; below one over the shorter side only brightness and colour change.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded and clipped.
    """
    return fda(picture, foreign_picture(picture.shape, rng), beta)


def foreign_picture(shape: tuple[int, ...], rng: np.random.Generator) -> Picture:
    """
    Draw a picture of nothing with the low frequencies of some photograph: 1/f noise of random brightness, contrast and colour.

    Parameters
    ----------
    shape : (rows, cols) or (rows, cols, channels)
    rng : Generator

    Returns
    -------
    array of uint8 (rows, cols[, channels])
    """
    rows, cols, channels = (*shape, 1)[:3]
    # Of the planes the first is what the channels share, so that they are alike as in photographs.
    planes = rng.standard_normal((channels + 1, rows, cols))
    brightness, contrast = rng.uniform(70, 180), rng.uniform(30, 70)
    tint, colourfulness = rng.normal(0, 15, channels), rng.uniform(0.1, 0.5)
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :])
    radius[0, 0] = np.inf
    planes = np.fft.irfft2(np.fft.rfft2(planes) / radius, s=(rows, cols))
    planes /= planes.std(axis=(1, 2), keepdims=True) + 1e-12
    levels = brightness + tint[:, None, None] + contrast * (planes[0] + colourfulness * planes[1:])
    return _rounded(np.moveaxis(levels, 0, -1).reshape(shape))


def _uint8(picture: Any) -> Picture:
    """Narrow an array of OpenCV to uint8; its stubs allow any number type."""
    return np.asarray(picture, dtype=np.uint8)


# --- as published ----------------------------------------------------------------------------------------------------


def published_noise(picture: Picture, rng: np.random.Generator) -> Picture:
    """
    Noise whose standard deviation is uniform in 5 to 20 grey levels (arXiv 2003.08685, program).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator

    Returns
    -------
    array of uint8, shape of `picture`
        Clipped and truncated, so darker by half a level on the average.
    """
    return np.clip(picture + rng.normal(0, rng.uniform(5, 20), picture.shape), 0, 255).astype(np.uint8)


def published_blur(picture: Picture, rng: np.random.Generator, *, kernel: int = 0) -> Picture:
    """
    Blur by 3, 5, 7 or 9 taps of a Gaussian of sigma 4, nearly a box (arXiv 2003.08685, program).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    kernel : int
        Number of taps; 0 draws it.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    import cv2

    taps = int(rng.choice([3, 5, 7, 9]))
    return _uint8(cv2.GaussianBlur(picture, (kernel or taps,) * 2, PUBLISHED_SIGMA))


def published_jpeg(picture: Picture, rng: np.random.Generator, *, quality: int = 95) -> Picture:
    """
    JPEG that takes RGB for BGR, so that blue gets the luma weight of red.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    quality : int
        The program of arXiv 2003.08685 draws one and hands it over in the wrong place: always 95. That of arXiv 2210.14571
        hands over what it draws, 10 to 74.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    import cv2

    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _uint8(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def published_crop(picture: Picture, rng: np.random.Generator, *, share: float = 0.0) -> Picture:
    """
    Crop and cubic resize that takes the sides for one another (arXiv 2003.08685, program).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    share : float
        Of each side that is cut off; 0 draws it, uniform in 0.05 to 0.2.

    Returns
    -------
    array of uint8 (cols, rows[, 3])
    """
    import cv2

    rows, cols = picture.shape[:2]
    share = share or rng.uniform(0.05, 0.2)
    y, x = int(rows * share / 2), int(cols * share / 2)
    return _uint8(cv2.resize(picture[y : rows - y, x : cols - x], (rows, cols), interpolation=cv2.INTER_CUBIC))


def published_combined(picture: Picture, rng: np.random.Generator) -> Picture:
    """
    Do one of the published four.

    The program takes them in turn from picture to picture; here it is drawn, so that the order of pictures does not matter.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator

    Returns
    -------
    array of uint8 (rows, cols[, 3]) or (cols, rows[, 3])
    """
    kernels: tuple[Kernel, ...] = (published_noise, published_blur, published_jpeg, published_crop)
    return kernels[int(rng.uniform(0, 4))](picture, rng)


def _published_pass(kind: PublishedKind) -> Kernel:
    def kernel(picture: Picture, rng: np.random.Generator, *, radius: int = 30) -> Picture:
        """Filter as in the thesis; `radius` in DFT bins of the picture, whatever its size; see `filters.published_filter`."""
        return published_filter(picture, kind, radius)

    return kernel


def published_adapted(picture: Picture, rng: np.random.Generator, *, beta: float = 0.01) -> Picture:
    """Fourier domain adaptation of the thesis's program (`filters.published_fda`), to a `foreign_picture`."""
    return published_fda(picture, foreign_picture(picture.shape, rng), beta)


CLEAN: dict[str, Kernel] = {
    "noise": noise,
    "blur": blur,
    "jpeg": jpeg,
    "crop": crop,
    "alike": alike,
    "combined": combined,
    "lowpass": lowpass,
    "highpass": highpass,
    "bandpass": bandpass,
    "bandstop": bandstop,
    "fda": adapted,
}
PUBLISHED: dict[str, Kernel] = {
    "noise": published_noise,
    "blur": published_blur,
    "jpeg": published_jpeg,
    "crop": published_crop,
    "combined": published_combined,
    "lowpass": _published_pass("low"),
    "highpass": _published_pass("high"),
    "bandpass": _published_pass("band"),
    "fda": published_adapted,
}
# What a name tells even where it is the default, because a row stands alone.
TOLD = ("sd", "sigma", "quality", "share", "cutoff", "width", "beta")
TOLD_PUBLISHED = ("radius", "beta")


# --- names -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """
    One perturbation of a chain, every parameter known.

    Attributes
    ----------
    name : str
    faithful : bool
        As published.
    parameters : tuple of (name, value)
        Of the kernel; a value may be a range (low, high).
    probability : float
        Share of pictures that are changed.
    """

    name: str
    faithful: bool = False
    parameters: tuple[tuple[str, Strength], ...] = ()
    probability: float = 1.0

    @property
    def kernel(self) -> Kernel:
        """Function of the perturbation."""
        return (PUBLISHED if self.faithful else CLEAN)[self.name]

    def __str__(self) -> str:
        defaults = _defaults(self.kernel)
        always = TOLD_PUBLISHED if self.faithful else () if self.name == "combined" else TOLD
        shown = [(n, v) for n, v in self.parameters if v != defaults[n] or n in always]
        shown += [("probability", self.probability)] if self.probability != 1 else []
        return ":".join([self.name, *["faithful"] * self.faithful, *(f"{n}={_shown(v)}" for n, v in shown)])

    def settled(self, seed: Sequence[str]) -> dict[str, float]:
        """Parameters for one picture. Draws have a generator of their own, so noise of a drawn strength is the same noise."""
        return {n: _drawn(*v, _generator([*seed, n])) if isinstance(v, tuple) else v for n, v in self.parameters}


def _drawn(low: float, high: float, rng: np.random.Generator) -> float:
    if isinstance(low, int):
        return int(rng.integers(low, int(high), endpoint=True))
    return float(rng.uniform(low, high))


def _shown(value: Strength) -> str:
    return "-".join(f"{v:.12g}" for v in (value if isinstance(value, tuple) else (value,)))


@lru_cache
def _defaults(kernel: Kernel) -> dict[str, float]:
    """Parameters of a kernel."""
    return {n: p.default for n, p in inspect.signature(kernel).parameters.items() if p.kind is p.KEYWORD_ONLY}


@lru_cache(maxsize=1024)
@lru_cache(maxsize=256)
def parse_chain(chain: str) -> tuple[Step, ...]:
    """
    Read ``NAME[:faithful][:parameter=value ...]``, several of them joined by ``+``.

    A value is a number, or a range ``low-high`` from which every picture gets its own.

    Raises
    ------
    StudyError
        If a perturbation or a parameter is unknown, or a value impossible.
    """
    return tuple(_parse_step(text) for text in chain.split("+"))


def _parse_step(text: str) -> Step:
    name, *words = text.split(":")
    if name not in CLEAN:
        raise StudyError(unknown_name("perturbation", name, CLEAN))
    faithful = bool(words) and words[0] == "faithful"
    if faithful and name not in PUBLISHED:
        raise StudyError(unknown_name("faithful perturbation", name, PUBLISHED))
    defaults: dict[str, float] = {**_defaults((PUBLISHED if faithful else CLEAN)[name]), "probability": 1.0}
    values: dict[str, Strength] = dict(defaults)
    for word in words[faithful:]:
        parameter, _, value = word.partition("=")
        if parameter not in defaults:
            what = f"parameter of {'faithful ' if faithful else ''}perturbation {name}"
            raise StudyError(unknown_name(what, parameter, defaults))
        values[parameter] = _strength(f"{name}:{parameter}", value, defaults[parameter])
    probability = values.pop("probability")
    return Step(name, faithful, tuple(values.items()), probability)  # pyright: ignore[reportArgumentType] (never a range)


def _strength(where: str, text: str, default: float) -> Strength:
    """Value of a parameter, or a range ``low-high`` of values."""
    ends = re.fullmatch(rf"({NUMBER})-({NUMBER})", text)
    if ends is None:
        return _number(where, text, default)
    if where.partition(":")[2] in NOT_DRAWN:
        raise StudyError(f"perturbation {where} is one number, got the range {text}.")
    low, high = (_number(where, end, default) for end in ends.groups())
    if low > high:
        raise StudyError(f"perturbation {where} is drawn from a range low-high, got {text}.")
    return (low, high) if low < high else low


def _number(where: str, text: str, default: float) -> float:
    """Number for a parameter; whole where its default is."""
    parameter = where.partition(":")[2]
    whole = isinstance(default, int)
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        raise StudyError(f"perturbation {where} is a {'whole ' * whole}number, got {text!r}.") from None
    low, high = RANGES[parameter]
    if not low <= value <= high:
        raise StudyError(f"perturbation {where} lies between {low} and {high}, got {text}.")
    if parameter == "kernel" and value % 2 == 0:
        raise StudyError(f"perturbation {where} is odd, got {text}.")
    return value


def canonical(chain: str) -> str:
    """
    Return the one name of a chain, its strengths told: ``noise`` is ``noise:sd=10``.

    Raises
    ------
    StudyError
        As `parse_chain`.
    """
    return "+".join(map(str, parse_chain(chain)))


# --- pictures --------------------------------------------------------------------------------------------------------


def chain_key(chain: str) -> list[Any]:
    """Return the steps of a chain, every parameter known, as they go into digests; empty for no perturbation."""
    return [VERSION, [asdict(step) for step in parse_chain(chain)]] if chain else []


def perturb(picture: Picture, chain: str, content: str) -> Picture:
    """
    Perturb a picture.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        Whole, before any window is cut. One whose channels are equal is treated as grey, or noise would colour it.
    chain : str
    content : str
        What identifies the picture: everything that is drawn follows from it and from the perturbation's name. So noise of
        two strengths is one noise.

    Returns
    -------
    array of uint8 (rows, cols[, 3])

    Raises
    ------
    StudyError
        As `parse_chain`.
    """
    if picture.ndim == 3 and (picture == picture[:, :, :1]).all():
        picture = np.ascontiguousarray(picture[:, :, 0])
    for number, step in enumerate(parse_chain(chain)):
        seed = [content, str(number), step.name]
        rng = _generator(seed)
        if rng.random() < step.probability:
            picture = step.kernel(picture, rng, **step.settled(seed))
    return picture


def perturb_alike(pictures: Sequence[Picture], chain: str) -> list[Picture]:
    """
    Perturb pictures with the same random numbers: each as `perturb` does with an empty content, without drawing them again.

    Parameters
    ----------
    pictures : sequence of arrays of uint8 (rows, cols[, 3])
    chain : str

    Raises
    ------
    StudyError
        As `parse_chain`.
    """
    perturbed = [
        np.ascontiguousarray(picture[:, :, 0]) if picture.ndim == 3 and (picture == picture[:, :, :1]).all() else picture
        for picture in pictures
    ]
    for number, step in enumerate(parse_chain(chain)):
        seed = ["", str(number), step.name]
        if not _generator(seed).random() < step.probability:
            continue
        settled = step.settled(seed)
        if step.kernel is noise:
            fields = {shape: _begun(seed).normal(0, settled["sd"], shape) for shape in {p.shape for p in perturbed}}
            perturbed = [_rounded(picture + fields[picture.shape]) for picture in perturbed]
        else:
            perturbed = [step.kernel(picture, _begun(seed), **settled) for picture in perturbed]
    return perturbed


def _begun(seed: Sequence[str]) -> np.random.Generator:
    """Return a generator after its first number, which decides if a step is taken."""
    rng = _generator(seed)
    rng.random()
    return rng


def _generator(seed: Sequence[str]) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256("\0".join(seed).encode()).digest()))
