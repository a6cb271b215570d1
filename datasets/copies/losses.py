"""Frames in which no face was found: how many, why, and whether one class loses more of them than the other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...benchmark.contracts import LABEL_NAMES

UNEQUAL = 0.1  # difference of the shares of frames lost from which on what is left is a selection
SELECTION = "what is left of one class is a selection; compare with another finder (--faces) or a smaller --min-size"
ROUND = 10  # pixels; of the limit that a message suggests
SMALLEST_HINT = 0.5  # of the limit: what is smaller still is not suggested, as finders see such faces in wallpaper


@dataclass(frozen=True)
class Losses:
    """
    Counts of the frames of one class that were searched for faces, and of those without one.

    Attributes
    ----------
    frames : int
    lost : int
        Frames without a face that was cut out.
    """

    frames: int = 0
    lost: int = 0

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(self.frames + other.frames, self.lost + other.lost)

    @property
    def share(self) -> float:
        """Share of the frames without a face, 0 to 1."""
        return self.lost / self.frames if self.frames else 0.0


NONE_LOST = Losses()


def unequal_losses(by_label: Mapping[int, Losses]) -> str:
    """
    Describe a large difference between the classes in the share of lost frames; return an empty text if there is none.

    Parameters
    ----------
    by_label : dict of int to Losses
        Classes of which no frame was looked at are passed over.

    >>> unequal_losses({0: Losses(100, 2), 1: Losses(100, 31)})
    'no face in 2 % of the real and 31 % of the fake frames'
    >>> unequal_losses({0: Losses(100, 2), 1: Losses(100, 9)})
    ''
    """
    looked = {label: losses for label, losses in by_label.items() if losses.frames}
    if len(looked) < len(LABEL_NAMES):
        return ""
    real, fake = (looked[label].share for label in range(len(LABEL_NAMES)))
    if abs(real - fake) <= UNEQUAL:
        return ""
    return f"no face in {real:.0%} of the real and {fake:.0%} of the fake frames".replace("%", " %")


def total_losses(losses: Iterable[tuple[int, Losses]]) -> dict[int, Losses]:
    """Add up losses (label, Losses) by label."""
    totals: dict[int, Losses] = {}
    for label, class_losses in losses:
        totals[label] = totals.get(label, Losses()) + class_losses
    return totals


def frames_without_face(n_frames: int, n_lost: int, too_small: Sequence[int], limit: int) -> str:
    """
    Describe the frames without a face and the reason, with the sizes of the faces that are too small.

    Parameters
    ----------
    n_frames, n_lost : int
    too_small : sequence of int
        Smaller side of the largest face, in pixels, of the frames that are lost because it is below the limit.
    limit : int
        In pixels.

    >>> frames_without_face(32, 27, [84, 99, 91], 100)
    'no face in 27 of 32 frames: in 3 the largest is of 84 to 99 pixels, the limit is 100 (--min-size 80); in 24 none is seen'
    >>> frames_without_face(8, 8, [], 64)
    'no face of 64 pixels or more in 8 frames'
    """
    if n_lost < n_frames:
        head = f"no face in {n_lost} of {_frames(n_frames)}"
    else:
        head = f"no face of {limit} pixels or more in {_frames(n_frames)}"
    if not too_small:
        return head
    least, most = min(too_small), max(too_small)
    sizes = f"{least} to {most}" if least < most else f"{least}"
    hints = [size // ROUND * ROUND for size in too_small if size >= SMALLEST_HINT * limit]
    hint = f" (--min-size {min(hints)})" if hints else ""
    unseen = n_lost - len(too_small)
    rest = f"; in {unseen} none is seen" if unseen else ""
    return f"{head}: in {len(too_small)} the largest is of {sizes} pixels, the limit is {limit}{hint}{rest}"


def _frames(n: int) -> str:
    return f"{n} frame{'s' if n != 1 else ''}"
