"""
Filters in the pixels: a band takes a picture and gives one back, in 8 bits, for detectors of any kind.

`filter_pixels` (SciPy) says what is meant; `FilterBank` does it for many bands on a device of PyTorch. `published_filter`,
`published_injection`, `fda` and `published_fda` are the filters of other programs, whose arithmetic differs.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..errors import DataError, PluginError, StudyError, unknown_name
from ..invocation import extra_missing
from ..networks import Graph, MicroBatches, find_device
from .bands import Band, butterworth_gain, distance_grid

if TYPE_CHECKING:
    import torch

PublishedKind = Literal["low", "high", "band", "hard_band"]
# Widths of the published bands, in DFT bins; the radii of its figures are 0 to 185 in steps of 5, with 1 for the 0.
PUBLISHED_WIDTHS: dict[PublishedKind, float] = {"low": 0, "high": 0, "band": 20, "hard_band": 5}

# A part of a batch of so many values takes 1 MB in float32, which a processor has beside each core.
CACHED_VALUES = 2**18


def filter_pixels(crops: NDArray[np.uint8], band: Band) -> NDArray[np.uint8]:
    """
    Filter crops and return to 8-bit pixels.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols[, channels])
    band : Band
        Applied per channel as an amplitude gain on the DFT.

    Returns
    -------
    array of uint8, shape of `crops`
        Real part, rounded, clipped to 0..255.

    Notes
    -----
    The zero frequency always passes. A high or band pass without its mean is a signed picture around 0, of which
    clipping would take away the negative half and make a rectifier of a filter.
    """
    if band.kind == "all":
        return crops
    rows, cols = crops.shape[1:3]
    gain = half_plane_gain(band, rows, cols)
    gain = gain.reshape(gain.shape + (1,) * (crops.ndim - 3))
    filtered = np.empty_like(crops)
    for part in _parts(crops.shape):
        spectrum = np.asarray(scipy.fft.rfft2(crops[part].astype(np.float32), axes=(1, 2)))
        spectrum *= gain
        levels = np.asarray(scipy.fft.irfft2(spectrum, s=(rows, cols), axes=(1, 2)))
        filtered[part] = np.clip(np.rint(levels, out=levels), 0, 255, out=levels)
    return filtered


def _parts(shape: tuple[int, ...], device: str = "cpu") -> list[slice]:
    """Cut crops into parts whose values fit into a processor's cache, where filtering is several times as fast."""
    step = shape[0] if device == "cuda" else max(1, CACHED_VALUES // int(np.prod(shape[1:])))
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def half_plane_gain(band: Band, rows: int, cols: int) -> NDArray[np.float32]:
    """Amplitude gain on the DFT of real crops, (rows, cols // 2 + 1), zero frequency first and always passed."""
    gain = band.gain(np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :]))
    gain[0, 0] = 1.0
    return gain.astype(np.float32)


class FilterBank:
    """
    `filter_pixels` for many bands on one device: crops are transformed once, and back once for each band.

    Parameters
    ----------
    bands : sequence of Band
    shape : (rows, cols)
        Of the crops; whether they have channels need not be known.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes CUDA where there is a device.
    compiled : bool
        Compile the way from filtered values to grey levels: one pass over the memory instead of four. The transforms
        are libraries' already, and complex numbers are not compiled.

    Attributes
    ----------
    bands : tuple of Band
    shape : (int, int)
    device : {"cpu", "cuda"}
    batch_size : int or None
        Crops that are worked on together since the memory ran out; None as long as it did not, and every batch is taken whole.

    Raises
    ------
    PluginError
        If PyTorch is not installed, the device is unknown, or CUDA is wanted and absent.

    Notes
    -----
    In float32, as `filter_pixels`. The two differ by one grey level where a value lies halfway between two of them.
    """

    def __init__(self, bands: Sequence[Band], shape: tuple[int, int], device: str = "auto", compiled: bool = False) -> None:
        if importlib.util.find_spec("torch") is None:
            raise PluginError(f"the filter bank {extra_missing('deep', ['torch'])}")
        import torch

        self.bands = tuple(bands)
        self.shape = shape
        self.device = find_device(device, "the filter bank")
        self.batch_size: int | None = None
        self._in_levels = Graph(_grey_levels, "the filter bank") if compiled else _grey_levels
        self._gains = [torch.from_numpy(half_plane_gain(band, *shape)).to(self.device) for band in self.bands]

    def iter_filtered(self, crops: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
        """
        Filter one batch by one band after the other.

        Parameters
        ----------
        crops : array of uint8 (n_crops, rows, cols[, channels])

        Yields
        ------
        array of uint8, shape of `crops`
            One per band, in their order.

        Raises
        ------
        DataError
            If the crops are of another shape or type.
        PluginError
            If not even one crop fits into the device's memory.
        """
        for filtered in self.iter_tensors(crops):
            yield _on_host(filtered)

    def iter_tensors(self, crops: NDArray[np.uint8]) -> Iterator["torch.Tensor"]:
        """Do the same, but leave each result on the device: for what follows there, an encoder say."""
        import torch

        self._require_crops(crops)
        spectra = _Spectra(crops.reshape(*crops.shape[:3], -1), self.device)
        # Where the memory has run out, a batch is cut, and each part transformed anew for every band.
        parts = MicroBatches(min(len(crops), self.batch_size or len(crops)), "the filter bank")
        for band, gain in zip(self.bands, self._gains, strict=True):
            size, work = parts.size, partial(self._filtered, spectra, band, gain)
            found = parts.run(np.arange(len(crops)), work, lambda: None)
            if parts.size < size:
                self.batch_size = parts.size
            yield (found[0] if len(found) == 1 else torch.cat(found)).reshape(crops.shape)

    def _filtered(self, spectra: "_Spectra", band: Band, gain: "torch.Tensor", rows: NDArray[np.intp]) -> "torch.Tensor":
        """Some crops of a batch under one band, uint8 (n, rows, cols, channels)."""
        import torch

        if band.kind == "all":
            return spectra.crops(rows)
        spectrum = spectra.of(rows)
        filtered = torch.empty((len(rows), *self.shape, spectrum.shape[1]), dtype=torch.uint8, device=self.device)
        for part in _parts(filtered.shape, self.device):
            filtered[part] = self._in_levels(torch.fft.irfft2(spectrum[part] * gain, s=self.shape))
        return filtered

    def _require_crops(self, crops: NDArray[np.uint8]) -> None:
        if crops.dtype != np.uint8 or crops.ndim not in (3, 4) or crops.shape[1:3] != self.shape or not len(crops):
            rows, cols = self.shape
            raise DataError(
                f"the filter bank needs crops of uint8 (n_crops, {rows}, {cols}[, channels]), at least one; "
                f"got {crops.dtype} {crops.shape}."
            )


def _grey_levels(values: "torch.Tensor") -> "torch.Tensor":
    """8 bits, channels last, of filtered values (n, channels, rows, cols), which are overwritten."""
    import torch

    return values.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


class _Spectra:
    """A batch of crops (n, rows, cols, channels), of which one part at a time is held transformed, for all bands."""

    def __init__(self, crops: NDArray[np.uint8], device: str) -> None:
        self._crops = crops
        self._device = device
        self._held: tuple[int, int] | None = None
        self._spectrum: torch.Tensor | None = None

    def crops(self, rows: NDArray[np.intp]) -> "torch.Tensor":
        """Return crops on the device, uint8 (n, rows, cols, channels)."""
        import torch

        part = torch.from_numpy(self._crops[rows])  # a copy, in order and writable, as PyTorch wants it
        if self._device == "cuda":
            part = part.pin_memory()
        return part.to(self._device, non_blocking=True)  # in 8 bits, a quarter of float32

    def of(self, rows: NDArray[np.intp]) -> "torch.Tensor":
        """Half planes of the DFT of crops, complex64 (n, channels, rows, cols // 2 + 1)."""
        asked = int(rows[0]), len(rows)
        if self._spectrum is None or self._held != asked:
            self._spectrum = None  # before the next one needs its memory
            self._spectrum, self._held = self._transformed(self.crops(rows)), asked
        return self._spectrum

    def _transformed(self, crops: "torch.Tensor") -> "torch.Tensor":
        import torch

        n, rows, cols, channels = crops.shape
        spectrum = torch.empty((n, channels, rows, cols // 2 + 1), dtype=torch.complex64, device=self._device)
        for part in _parts(crops.shape, self._device):
            spectrum[part] = torch.fft.rfft2(crops[part].permute(0, 3, 1, 2).float())
        return spectrum


def _on_host(values: "torch.Tensor") -> NDArray[np.uint8]:
    import torch

    if values.device.type != "cuda":
        return values.contiguous().numpy()
    # Through memory that the device reaches by itself; the copy is under way when `copy_` returns.
    host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    host.copy_(values, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return host.numpy()


# --- as published ----------------------------------------------------------------------------------------------------


def published_mask(kind: PublishedKind, rows: int, cols: int, radius: float, order: int = 1) -> NDArray[np.float32]:
    """
    Gain of a master's thesis on middle frequencies (2024, github.com/Julianwustl, its program), zero frequency in the middle.

    Parameters
    ----------
    kind : {"low", "high", "band", "hard_band"}
        ``band`` has a width of 20 DFT bins; ``hard_band`` passes what is within 2.5 bins of the radius and nothing else.
    rows, cols : int
        Of the picture.
    radius : float
        Cut-off or centre, in DFT bins of the picture.
    order : int
        Of the Butterworth ones.

    Returns
    -------
    array of float32 (rows, cols), or (cols, rows) for the bands
        Measured from ``(rows // 2, cols // 2)``. The program takes the sides of its bands for one another.

    Raises
    ------
    StudyError
        If the kind is unknown or the radius is not positive.
    """
    if kind not in PUBLISHED_WIDTHS:
        raise StudyError(unknown_name("published filter", kind, PUBLISHED_WIDTHS))
    if radius <= 0:
        raise StudyError(f"a published filter has a radius above 0 DFT bins, got {radius:g}.")
    distance, width = distance_grid(rows, cols), PUBLISHED_WIDTHS[kind]
    if kind == "hard_band":
        return (np.abs(distance - radius) <= width / 2).astype(np.float32).T
    gain = butterworth_gain(kind, distance, radius, width, order).astype(np.float32)
    return gain.T if kind == "band" else gain


def published_filter(picture: NDArray[np.uint8], kind: PublishedKind, radius: float, order: int = 1) -> NDArray[np.uint8]:
    """
    Filter a picture as the program of that thesis does: the absolute value of the result, truncated, wrapped above 255.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, channels])
    kind, radius, order
        See `published_mask`.

    Returns
    -------
    array of uint8, shape of `picture`

    Raises
    ------
    StudyError
        As `published_mask`.
    DataError
        For a band of a picture that is not square, whose mask does not fit.

    Notes
    -----
    A low pass darkens by half a grey level on the average. High and band pass take the mean away, and the absolute value
    folds the signed result: it is a rectified picture, not the filtered one.

    The program computes in float32 by PyTorch, whose last bits depend on the processor; this in float64. Where a value is whole
    but for that rounding, truncation makes a level of it: some values in 100,000 are one apart, and no fewer in float32.
    """
    gain = _published_gain(picture.shape, kind, radius, order)
    spectrum = np.asarray(scipy.fft.fft2(picture.astype(np.float64), axes=(0, 1)))
    return _wrapped(np.asarray(scipy.fft.ifft2(spectrum * gain, axes=(0, 1))))


def published_injection(
    source: NDArray[np.uint8], reference: NDArray[np.uint8], kind: PublishedKind, radius: float, order: int = 1
) -> NDArray[np.uint8]:
    """
    Exchange a band of a picture for that of another one, as the program of that thesis does; wrapped as `published_filter`.

    Parameters
    ----------
    source, reference : arrays of uint8 (rows, cols[, channels])
        What passes the filter comes from `reference`, the rest from `source`.
    kind, radius, order
        See `published_mask`.

    Returns
    -------
    array of uint8, shape of `source`

    Raises
    ------
    StudyError
        As `published_mask`.
    DataError
        If the two have not one shape; for a band of a picture that is not square.
    """
    _require_one_shape("a band of another picture", source, reference)
    gain = _published_gain(source.shape, kind, radius, order)
    own, other = (np.asarray(scipy.fft.fft2(picture.astype(np.float64), axes=(0, 1))) for picture in (source, reference))
    return _wrapped(np.asarray(scipy.fft.ifft2(own + (other - own) * gain, axes=(0, 1))))


def _published_gain(shape: tuple[int, ...], kind: PublishedKind, radius: float, order: int) -> NDArray[np.float32]:
    """Mask with the zero frequency first, (rows, cols[, 1])."""
    rows, cols = shape[:2]
    mask = published_mask(kind, rows, cols, radius, order)
    if mask.shape != (rows, cols):
        raise DataError(f"the published {kind} pass takes square pictures only, got {rows}x{cols}.")
    return scipy.fft.ifftshift(mask).reshape(rows, cols, *(1,) * (len(shape) - 2))


def _require_one_shape(what: str, source: NDArray, reference: NDArray) -> None:
    if source.shape != reference.shape:
        raise DataError(f"{what} needs a reference of the same shape {source.shape}, got {reference.shape}.")


def _wrapped(filtered: NDArray[np.complex128]) -> NDArray[np.uint8]:
    return np.abs(filtered).astype(np.int64).astype(np.uint8)


# --- Fourier domain adaptation ---------------------------------------------------------------------------------------


def swap_amplitudes(source: NDArray[np.uint8], reference: NDArray[np.uint8], beta: float) -> NDArray[np.complex128]:
    """
    Give the lowest frequencies of a picture the amplitudes of another one and leave the phases (Yang and Soatto, CVPR 2020).

    Parameters
    ----------
    source, reference : arrays of uint8 (rows, cols[, channels])
    beta : float
        The block of frequencies reaches ``int(min(rows, cols) * beta)`` DFT bins from the zero frequency to each side.

    Returns
    -------
    array of complex128 (rows, cols[, channels])
        Not yet a picture; its imaginary part is a rounding error.

    Raises
    ------
    DataError
        If the two have not one shape.
    """
    _require_one_shape("Fourier domain adaptation", source, reference)
    rows, cols = source.shape[:2]
    reach = int(min(rows, cols) * beta)
    near = [np.abs(np.fft.fftfreq(side, 1 / side)) <= reach for side in (rows, cols)]
    block = np.ix_(*near)
    spectrum = np.asarray(scipy.fft.fft2(source.astype(np.float64), axes=(0, 1)))
    other = np.asarray(scipy.fft.fft2(reference.astype(np.float64), axes=(0, 1)))
    spectrum[block] = np.abs(other[block]) * np.exp(1j * np.angle(spectrum[block]))
    return np.asarray(scipy.fft.ifft2(spectrum, axes=(0, 1)))


def fda(source: NDArray[np.uint8], reference: NDArray[np.uint8], beta: float = 0.01) -> NDArray[np.uint8]:
    """
    Fourier domain adaptation: low frequencies get the amplitudes of a reference; real part, rounded, clipped.

    The thesis evaluates with albumentations 1.3.1, which truncates where this rounds. Parameters, shapes and errors as in
    `swap_amplitudes`.
    """
    return np.clip(np.rint(swap_amplitudes(source, reference, beta).real), 0, 255).astype(np.uint8)


def published_fda(source: NDArray[np.uint8], reference: NDArray[np.uint8], beta: float = 0.01) -> NDArray[np.uint8]:
    """Do the same as the thesis's own program: the absolute value, truncated, and wrapped above 255."""
    return _wrapped(swap_amplitudes(source, reference, beta))
