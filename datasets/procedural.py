"""
The embedded data set: portraits that are computed, five ways to fake them, and three whose place in the spectrum is known.

A scene is drawn (background with edges, hair, face, eyes, mouth), textured with 1/f noise, lit, blurred like by a lens, then
seen by a noisy sensor and written as JPEG. A fake goes the same way but for one operation between lens and sensor, on a scene
of its own. Nothing else differs between the classes, so whatever a detector finds was put there by the operation.

``lattice``, ``slope`` and ``phase`` are known answers to the question what a detector lives on: they change the peaks, the
continuum or the phases of the spectrum alone. They are domains by their own names; `procedural` stands for the other five.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image

from ..benchmark.contracts import SPLITS, Dataset, Item, Split
from ..benchmark.errors import DataError, unknown_name
from .synthesis.known import (
    LATTICE_PERIOD,
    Plane,
    half_plane_radius,
    lattice,
    phase,
    plant,
    planted_stretches,
    rings,
    slope,
)

PICTURES_PER_IDENTITY = 2
PLANTED_BAND = "0.20-0.26"  # cycles/pixel
USUAL_QUALITY, LOCATED_QUALITY = 95, 100  # of JPEG files, without and with `planted_band`
# Of a fake that was up-sampled; the rest is the scene, as a generator adds detail of its own. Small, so that it takes looking.
UPSAMPLED_SHARE = {"zeroinsert": 0.10, "nearest": 0.18, "bilinear": 0.25}


@dataclass(eq=False, repr=False)
class Procedural(Dataset):
    """
    Computed portraits against portraits that went through one operation of a generator.

    Parameters
    ----------
    root : None
        Not used.
    seed : int
        Seed of all pictures.
    replicate : int
        Draw of the training and validation pictures.
    n_train, n_val, n_test : int
        Pictures per class and domain.
    side : int
        Side of the square pictures, in pixels.
    quality : int or None
        Quality of the JPEG files, the same for both classes; None for 95, and for 100 where `planted_band` is given and in
        the domains ``lattice``, ``slope`` and ``phase``.
    planted_band : str
        Stretches of the frequency axis to which ``planted`` adds power, in cycles/pixel: ``LOW-HIGH`` or several of them,
        ascending and separated by commas. Empty for 0.20-0.26.
    strength : float
        Power that ``planted`` adds there, as a share of the picture's own power there; 0 makes fakes that are like reals. Of
        ``lattice``, ``slope`` and ``phase`` the size of their change, see `synthesis.known`.
    """

    name = "procedural"
    source = "computed here"
    licence = "MIT"
    needs_root = False
    may_be_shown = True
    computed = True

    n_train: int = 200
    n_val: int = 100
    n_test: int = 250
    side: int = 128
    quality: int | None = None
    planted_band: str = ""
    strength: float = 0.5

    def variants(self) -> tuple[str, ...]:
        return tuple(OPERATIONS)

    def further_variants(self) -> tuple[str, ...]:
        return tuple(KNOWN_ANSWERS)

    def items(self, variant: str) -> Sequence[Item]:
        if variant not in STREAMS[1:]:
            raise DataError(unknown_name("domain of procedural", variant, STREAMS[1:]))
        self._check()
        if variant == "lattice" and self.side % LATTICE_PERIOD:
            raise DataError(f"procedural: side is a multiple of {LATTICE_PERIOD} for the domain lattice, got {self.side}.")
        reals = LOCATED_REALS if variant in KNOWN_ANSWERS else "real"
        return [
            self._item(stream, label, split, index)
            for split in SPLITS
            for label, stream in enumerate((reals, variant))
            for index in range(getattr(self, f"n_{split}"))
        ]

    def _check(self) -> None:
        limits = (
            ("side", self.side, 32, 1024),
            ("quality", self._quality("real"), 1, 100),
            ("strength", self.strength, 0, 1000),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise DataError(f"procedural: {name} lies between {low} and {high}, got {value}.")
        if self.side % 2:
            raise DataError(f"procedural: side is even (half of it is up-sampled), got {self.side}.")
        for split in SPLITS:
            if getattr(self, f"n_{split}") < 2:
                raise DataError(f"procedural: n_{split} is at least 2, got {getattr(self, f'n_{split}')}.")

        if not all(mask.any() for low, high in self._stretches for mask in rings(self.side, low, high)):
            raise DataError(
                f"procedural: a picture of {self.side} pixels has no frequency in a part of planted_band "
                f"{self.planted_band!r}; give wider stretches, or raise side."
            )

    @property
    def _stretches(self) -> tuple[tuple[float, float], ...]:
        return planted_stretches(self.planted_band or PLANTED_BAND)

    def _quality(self, stream: str) -> int:
        """
        Quality of the JPEG files of a stream.

        A JPEG rounds the frequencies of blocks of eight pixels: at quality 95 it spreads what was planted over an eighth of a
        cycle per pixel, and a sensitive detector finds it there. Where a change is to be located, nothing is rounded.
        """
        if self.quality is not None:
            return self.quality
        located = self.planted_band or stream == LOCATED_REALS or stream in KNOWN_ANSWERS
        return LOCATED_QUALITY if located else USUAL_QUALITY

    def _item(self, stream: str, label: int, split: Split, index: int) -> Item:
        # The test pictures are the same in every replicate.
        draw = f"{self.seed}" if split == "test" else f"{self.seed}.{self.replicate}"
        extra = self._planted_key() if stream == "planted" else f"-{self.strength}" if stream in KNOWN_ANSWERS else ""
        drawn = "real" if stream == LOCATED_REALS else stream
        written = f"{self.version}-{self.side}-{self._quality(stream)}{extra}"
        return Item(
            id=f"{stream}/{split}/{index:05d}",
            label=label,
            split=split,
            target=f"{drawn}-{split}-{draw}-{index // PICTURES_PER_IDENTITY}",
            fingerprint=f"procedural-{written}-{drawn}-{split}-{draw}-{index}",
        )

    def _planted_key(self) -> str:
        """Return the part of a fingerprint that the planted energy is known by; equal stretches are spelled alike."""
        stretches = self._stretches
        if stretches == planted_stretches(PLANTED_BAND):
            return f"-{self.strength}"
        return f"-{self.strength}-{','.join(f'{low:g}-{high:g}' for low, high in stretches)}"

    def read(self, item: Item) -> bytes:
        stream, _, rest = item.id.partition("/")
        split, _, number = rest.partition("/")
        if stream not in (*STREAMS, LOCATED_REALS) or split not in SPLITS or not number.isdecimal():
            raise DataError(f"procedural has no item '{item.id}'.")
        drawn = "real" if stream == LOCATED_REALS else stream
        picture = self._picture(drawn, SPLITS.index(split), int(number))
        out = io.BytesIO()
        Image.fromarray(picture).save(out, "JPEG", quality=self._quality(stream))
        return out.getvalue()

    def _picture(self, stream: str, split: int, index: int) -> NDArray[np.uint8]:
        """Compute a picture as uint8 (side, side, 3)."""
        draw = 0 if SPLITS[split] == "test" else self.replicate + 1
        entropy = [self.seed, split, draw, STREAMS.index(stream)]
        person = np.random.default_rng([*entropy, 0, index // PICTURES_PER_IDENTITY])
        shot = np.random.default_rng([*entropy, 1, index])
        scene, face = render_scene(person, shot, self.side)
        scene = lens_blur(scene, shot)
        # Drawn for reals too, so that both classes use up their random numbers alike.
        noise = shot.normal(0, shot.uniform(1.5, 3.0), scene.shape).astype(np.float32)
        if stream == "planted":
            seen = plant(scene + noise, shot, self.strength, self._stretches)
        elif stream in KNOWN_ANSWERS:
            seen = KNOWN_ANSWERS[stream](scene + noise, self.strength)
        else:
            operation = OPERATIONS.get(stream)
            seen = (operation(scene, face, shot) if operation else scene) + noise
        return np.clip(np.rint(seen), 0, 255).astype(np.uint8).transpose(1, 2, 0)


# --- scenes ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _grid(side: int) -> tuple[Plane, Plane]:
    """Coordinates from -1 to 1, downwards and to the right."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    return np.broadcast_to(axis[:, None], (side, side)), np.broadcast_to(axis[None, :], (side, side))


def texture(rng: np.random.Generator, side: int, exponent: float) -> Plane:
    """Noise of unit variance whose amplitude falls as frequency to the power of -`exponent`, (side, side)."""
    radius = np.maximum(half_plane_radius(side), 1 / side)
    white = rng.standard_normal((2, *radius.shape), dtype=np.float32)
    field = np.asarray(scipy.fft.irfft2((white[0] + 1j * white[1]) * radius**-exponent, s=(side, side)))
    return (field / field.std()).astype(np.float32)


def _inside(distance: Plane, side: int) -> Plane:
    """Soft step from 0 outside to 1 inside an outline, two pixels wide; `distance` is negative inside, in units of `_grid`."""
    return np.clip(0.5 - distance * side / 4, 0, 1)


def _ellipse(side: int, y: float, x: float, height: float, width: float) -> Plane:
    """Mask of an ellipse with half axes `height` and `width`, edges anti-aliased."""
    down, right = _grid(side)
    radius = np.sqrt(((down - y) / height) ** 2 + ((right - x) / width) ** 2)
    return _inside((radius - 1) * min(height, width), side)


def render_scene(person: np.random.Generator, shot: np.random.Generator, side: int) -> tuple[Plane, Plane]:
    """
    Draw a portrait.

    Parameters
    ----------
    person : Generator
        Random numbers that the pictures of one identity share: colours and proportions.
    shot : Generator
        Random numbers of one picture: background, pose, light, texture.
    side : int

    Returns
    -------
    scene : array of float32 (3, side, side)
        In grey levels, not clipped. Channels come first: planes that lie together in memory are twice as fast.
    face : array of float32 (side, side)
        Mask of the face, 0 to 1.
    """
    down, right = _grid(side)
    skin = np.array([205, 160, 130], np.float32) * person.uniform(0.45, 1.1) + person.normal(0, 8, 3)
    hair = np.array([70, 50, 40], np.float32) * person.uniform(0.3, 2.2)
    height, width = person.uniform(0.5, 0.62), person.uniform(0.36, 0.46)
    eye_gap, mouth_width = person.uniform(0.15, 0.2), person.uniform(0.1, 0.18)
    y, x = shot.uniform(-0.08, 0.12), shot.uniform(-0.12, 0.12)

    scene = _background(shot, side)
    scene = _paint(scene, _ellipse(side, y + 1.15, x, 0.7, 0.75), _muted(shot))  # shoulders
    scene = _paint(scene, _ellipse(side, y - 0.12, x, height * 1.15, width * 1.2), hair)
    face = _ellipse(side, y, x, height, width)
    scene = _paint(scene, face, skin)
    for sign in (-1, 1):
        scene = _paint(scene, _ellipse(side, y - 0.22, x + sign * eye_gap, 0.015, 0.08), hair * 0.8)
        scene = _paint(scene, _ellipse(side, y - 0.12, x + sign * eye_gap, 0.04, 0.075), np.array([225, 225, 220]))
        scene = _paint(scene, _ellipse(side, y - 0.12, x + sign * eye_gap, 0.036, 0.036), person.uniform(20, 90, 3))
    scene = _paint(scene, _ellipse(side, y + 0.08, x, 0.1, 0.035), skin * 0.85)
    scene = _paint(scene, _ellipse(side, y + 0.28, x, 0.035, mouth_width), skin * np.array([0.85, 0.55, 0.55]))

    light = 1 + shot.uniform(-0.25, 0.25) * right + shot.uniform(-0.2, 0.2) * down
    grain = texture(shot, side, shot.uniform(1.0, 1.3)) * shot.uniform(6, 16)
    return scene * light + grain, face


def _background(shot: np.random.Generator, side: int) -> Plane:
    """Two colours on either side of one or two slanted edges, with large-scale variation."""
    down, right = _grid(side)
    scene = np.broadcast_to(_muted(shot).astype(np.float32)[:, None, None], (3, side, side))
    for _ in range(shot.integers(1, 4)):
        angle, offset = shot.uniform(0, 2 * np.pi), shot.uniform(-0.8, 0.8)
        edge = np.cos(angle) * right + np.sin(angle) * down - offset
        scene = _paint(scene, _inside(edge, side), _muted(shot))
    return scene + texture(shot, side, 1.6) * shot.uniform(5, 15)


def _muted(rng: np.random.Generator) -> NDArray:
    """A colour that is not far from grey, (3,)."""
    return rng.uniform(40, 210) + rng.normal(0, 22, 3)


def _paint(scene: Plane, mask: Plane, colour: NDArray) -> Plane:
    return scene + mask * (colour.astype(np.float32)[:, None, None] - scene)


def lens_blur(scene: Plane, shot: np.random.Generator) -> Plane:
    """Mild Gaussian blur, 0.4 to 0.6 pixels."""
    return scipy.ndimage.gaussian_filter(scene, (0, sigma := shot.uniform(0.4, 0.6), sigma), truncate=3)


# --- operations ------------------------------------------------------------------------------------------------------


def halve(scene: Plane) -> Plane:
    """Half the size by the mean of 2x2 pixels, (3, side / 2, side / 2)."""
    side = scene.shape[1]
    return scene.reshape(3, side // 2, 2, side // 2, 2).mean(axis=(2, 4))


def zero_insertion(small: Plane, kernel: Sequence[float]) -> Plane:
    """Transposed convolution with stride 2: zeros between the pixels, then a separable kernel; mean brightness is kept."""
    side = 2 * small.shape[1]
    spread = np.zeros((3, side, side), np.float32)
    spread[:, ::2, ::2] = small
    taps = np.array(kernel, np.float32) * (2 / sum(kernel))
    return scipy.ndimage.convolve1d(scipy.ndimage.convolve1d(spread, taps, axis=1, mode="wrap"), taps, axis=2, mode="wrap")


def _mixed(operation: str, scene: Plane, upsampled: Plane) -> Plane:
    return scene + UPSAMPLED_SHARE[operation] * (upsampled - scene)


def _zeroinsert(scene: Plane, face: Plane, shot: np.random.Generator) -> Plane:
    # Outer taps of more than half the inner one overlap unevenly: the checkerboard of transposed convolutions.
    return _mixed("zeroinsert", scene, zero_insertion(halve(scene), (0.53, 1.0, 0.53)))


def _nearest(scene: Plane, face: Plane, shot: np.random.Generator) -> Plane:
    return _mixed("nearest", scene, halve(scene).repeat(2, axis=1).repeat(2, axis=2))


def _bilinear(scene: Plane, face: Plane, shot: np.random.Generator) -> Plane:
    return _mixed("bilinear", scene, zero_insertion(halve(scene), (0.25, 0.75, 0.75, 0.25)))


def _blend(scene: Plane, face: Plane, shot: np.random.Generator) -> Plane:
    """Face region scaled down, blurred, warped back a little off its place, and pasted under a soft mask."""
    scale, sigma = 1 + shot.uniform(-0.02, 0.02), shot.uniform(0.5, 0.9)
    offset = (1 - scale) * scene.shape[1] / 2 + shot.uniform(-1, 1, 2)
    blurred = scipy.ndimage.gaussian_filter(scene, (0, sigma, sigma), truncate=3)
    warped = [scipy.ndimage.affine_transform(plane, [scale, scale], offset, order=1, mode="nearest") for plane in blurred]
    mask = scipy.ndimage.gaussian_filter(face, 2.0, truncate=2)
    return scene + mask * (np.stack(warped) - scene)


Operation = Callable[[Plane, Plane, np.random.Generator], Plane]
OPERATIONS: dict[str, Operation | None] = {
    "zeroinsert": _zeroinsert,
    "nearest": _nearest,
    "bilinear": _bilinear,
    "blend": _blend,
    "planted": None,  # acts on what the sensor saw: see `plant`
}
KNOWN_ANSWERS: dict[str, Callable[[Plane, float], Plane]] = {"lattice": lattice, "slope": slope, "phase": phase}
LOCATED_REALS = "exact"  # the pictures of "real", written at `LOCATED_QUALITY`, in the ids of items
STREAMS = ("real", *OPERATIONS, *KNOWN_ANSWERS)  # the place of a stream is in the seed of its pictures
