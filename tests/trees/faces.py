"""Drawn faces that face finders find, and real clips of them: nobody's picture."""

from pathlib import Path

import numpy as np

from conftest import write_clip

CODE_BITS = 8
CODE_SIDE = 8  # pixels of one bit of the frame number


def _blob(side: int, centre: tuple[float, float], radii: tuple[float, float], soft: float) -> np.ndarray:
    """Mask (side, side) in 0 to 1 of an ellipse with a soft edge; (y, x) in shares of the side."""
    y, x = np.mgrid[:side, :side] / side
    distance = np.hypot((y - centre[0]) / radii[0], (x - centre[1]) / radii[1])
    return 1 / (1 + np.exp(np.clip((distance - 1) / soft, -50, 50)))


def draw_face(identity: int, side: int = 140) -> np.ndarray:
    """
    Draw a face that looks at us, uint8 (side, side, 3).

    Haar's frontal face finder finds a box of some 0.84 sides in it, at (0.1, 0.08) sides from its left upper corner.
    """
    rng = np.random.default_rng(identity)

    def vary(share: float) -> float:
        return 1 + share * rng.uniform(-1, 1)

    picture = np.zeros((side, side, 3)) + np.array([90.0, 100, 120]) * vary(0.3)
    skin = np.array([205.0, 165, 140]) * vary(0.12)

    def put(centre: tuple[float, float], radii: tuple[float, float], soft: float, colour: object) -> None:
        mask = _blob(side, centre, radii, soft)[..., None]
        picture[:] = picture * (1 - mask) + np.asarray(colour, dtype=float) * mask

    put((0.52, 0.5), (0.5 * vary(0.03), 0.4 * vary(0.03)), 0.08, (50, 40, 35))  # hair
    put((0.55, 0.5), (0.42 * vary(0.03), 0.33 * vary(0.03)), 0.08, skin)
    eye, apart = 0.42 * vary(0.02), 0.145 * vary(0.05)
    for sign in (-1, 1):
        x = 0.5 + sign * apart
        put((eye - 0.015, x), (0.075, 0.11), 0.25, skin * 0.62)
        put((eye - 0.085, x), (0.018, 0.1), 0.3, (60, 45, 40))
        put((eye, x), (0.03, 0.062), 0.15, (235, 235, 235))
        put((eye, x), (0.03, 0.03), 0.15, (40, 30, 30))
    put((0.55, 0.5), (0.13, 0.035), 0.5, np.minimum(skin * 1.12, 255))
    put((0.655, 0.5), (0.022, 0.07), 0.4, skin * 0.62)
    put((0.77, 0.5), (0.03 * vary(0.1), 0.12 * vary(0.1)), 0.2, (140, 60, 65))
    put((0.83, 0.5), (0.015, 0.09), 0.4, skin * 0.8)
    return np.clip(picture, 0, 255).astype(np.uint8)


def scene(
    identity: int | None, frame: int = 0, size: tuple[int, int] = (192, 256), face: int = 140, donor: int | None = None
) -> np.ndarray:
    """
    Draw one frame, uint8 (rows, cols, 3): a face in front of a textured wall, moving a little from frame to frame.

    Parameters
    ----------
    identity : int or None
        None for an empty scene.
    frame : int
        Its number is written into the left upper corner (`read_code`).
    size : tuple of int
        (rows, cols).
    face : int
        Side of the drawn face in pixels.
    donor : int, optional
        Makes a fake: the donor's face, drawn at half size and enlarged, over the inner face.
    """
    rng = np.random.default_rng([7, identity or 0])
    wall = rng.normal(110, 14, (size[0] // 4, size[1] // 4, 3)).repeat(4, axis=0).repeat(4, axis=1)
    picture = np.clip(wall + np.random.default_rng([8, identity or 0, frame]).normal(0, 2, size=(*size, 3)), 0, 255)
    picture = picture.astype(np.uint8)
    if identity is not None:
        drawn = draw_face(identity, face)
        if donor is not None:
            inner = draw_face(donor, face // 2).repeat(2, axis=0).repeat(2, axis=1)
            part = slice(face // 5, face // 5 * 4)
            drawn[part, part] = inner[part, part]
        top = (size[0] - face) // 2 + frame % 3
        left = (size[1] - face) // 2 + 2 * (frame % 4)
        picture[top : top + face, left : left + face] = drawn
    write_code(picture, frame)
    return picture


def write_code(picture: np.ndarray, number: int) -> None:
    """Write a number from 0 to 255 into the left upper corner as black and white squares, which survive a codec."""
    for bit in range(CODE_BITS):
        left = bit * CODE_SIDE
        picture[:CODE_SIDE, left : left + CODE_SIDE] = 255 if number >> bit & 1 else 0


def read_code(picture: np.ndarray) -> int:
    """Read the number that `write_code` wrote."""
    squares = [picture[:CODE_SIDE, bit * CODE_SIDE : (bit + 1) * CODE_SIDE].mean() > 127 for bit in range(CODE_BITS)]
    return sum(1 << bit for bit, white in enumerate(squares) if white)


def write_face_clip(
    path: Path, identity: int | None, n_frames: int = 6, codec: str = "libx264", donor: int | None = None, **options: int
) -> Path:
    """Write a clip of a drawn face; its container is told by the suffix, `options` go to `scene`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [scene(identity, k, donor=donor, **options) for k in range(n_frames)]  # type: ignore[arg-type]
    write_clip(path, frames, codec)
    return path
