"""
Warping artefacts of pasted faces of a lower resolution, made on the fly from real pictures.

After Li and Lyu, "Exposing DeepFake Videos By Detecting Face Warping Artifacts" (arXiv 1811.00656): a face region is brought to
another scale, blurred, and warped back into its picture, by which it gets the resolution of a generator and keeps its content.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]
MASKS = ("square", "ellipse", "hull")  # drawn from unless told otherwise
ALL_MASKS = (*MASKS, "cheeks")
# Brows, and the lower half of the outer mouth, of 68 landmarks.
HULL_POINTS = (*range(17, 27), 48, 59, 58, 57, 56, 55, 54)
# Outer end of a brow and corner of the mouth below it: the cheeks lie between them.
CHEEKS = ((17, 48), (26, 54))
POINTS_PER_CHEEK = 4
BLUR_TAPS = 5


# --- kernels as published --------------------------------------------------------------------------------------------


def blurred_at_scale(face: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """
    Bring a face to another scale, blur it there, and bring it back.

    Parameters
    ----------
    face : array of float32 (rows, cols, channels)
    factor : float
        Of the sides; below 1 loses resolution, above 1 leaves little more than the blur.

    Returns
    -------
    array of float32, shape of `face`
        Where rounding leaves rows or columns uncovered, those of `face`.
    """
    import cv2

    scaled = cv2.resize(face, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    scaled = cv2.GaussianBlur(scaled, (BLUR_TAPS, BLUR_TAPS), 0)
    back = cv2.resize(scaled, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_LINEAR)
    rows, cols = min(len(face), back.shape[0]), min(face.shape[1], back.shape[1])
    blurred = face.copy()
    blurred[:rows, :cols] = back.reshape(*back.shape[:2], -1)[:rows, :cols]
    return blurred


def similarity_transform(source: NDArray, target: NDArray) -> NDArray[np.float64]:
    """
    Rotation, scale and shift that bring points onto others with the least squared error (Umeyama 1991).

    Parameters
    ----------
    source, target : arrays (n_points, 2)

    Returns
    -------
    array of float64 (3, 3)
        Homogeneous; for column vectors (x, y, 1).
    """
    source, target = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    left, spread, right = np.linalg.svd((target - goal).T @ (source - centre) / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])  # a rotation, no reflection
    rotation = left @ np.diag(signs) @ right
    scale = (spread * signs).sum() * len(source) / ((source - centre) ** 2).sum()
    transform = np.eye(3)
    transform[:2, :2] = scale * rotation
    transform[:2, 2] = goal - scale * rotation @ centre
    return transform


def hull_mask(landmarks: NDArray, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """
    Mark the face between the brows and the lower lip.

    Parameters
    ----------
    landmarks : array (68, 2)
    shape : (rows, cols)

    Returns
    -------
    array of uint8 (rows, cols), 0 or 1
    """
    return _filled_hull(np.rint(landmarks[list(HULL_POINTS)]), shape)


def cheek_points(aligned: NDArray) -> NDArray[np.float64]:
    """
    Points of the cheeks, which landmarks do not mark: four per side, from the end of the brow towards the corner of the mouth.

    Parameters
    ----------
    aligned : array (68, 2)
        Of an upright face.

    Returns
    -------
    array of float64 (8, 2)
        Down in steps of a fifth of the way, inwards by 1, 3, 6 and 10 fifteenths of it: they bulge outwards.
    """
    step = np.arange(1, POINTS_PER_CHEEK + 1)
    share = np.c_[step * (step + 1) / 30, step / 5]
    return np.concatenate([aligned[brow] + (aligned[mouth] - aligned[brow]) * share for brow, mouth in CHEEKS])


def cheeks_mask(
    landmarks: NDArray, shape: tuple[int, int], transform: NDArray | None = None, faithful: bool = False
) -> NDArray[np.uint8]:
    """
    Mark the face between the brows and the lower lip, cheeks included.

    Parameters
    ----------
    landmarks : array (68, 2)
    shape : (rows, cols)
    transform : array (3, 3), optional
        Homogeneous, to an upright face of any size; default is the `similarity_transform` to the mean face.
    faithful : bool
        Truncate all points on their way back, as the published program does, instead of rounding those of the cheeks. Landmarks
        that are whole numbers then come out one pixel lower wherever a rounding error of `transform` has it so.

    Returns
    -------
    array of uint8 (rows, cols), 0 or 1
    """
    transform = similarity_transform(landmarks[17:], MEAN_FACE) if transform is None else transform
    aligned = _moved(landmarks, transform)
    hull = list(HULL_POINTS)
    if faithful:
        upright = np.concatenate([cheek_points(aligned), aligned[hull]])
        return _filled_hull(np.trunc(_moved(upright, np.linalg.inv(transform))), shape)
    cheeks = _moved(cheek_points(aligned), np.linalg.inv(transform))
    return _filled_hull(np.rint(np.concatenate([cheeks, landmarks[hull]])), shape)


def _moved(points: NDArray, transform: NDArray) -> NDArray[np.float64]:
    return (transform @ np.c_[points, np.ones(len(points))].T)[:2].T


def _filled_hull(points: NDArray, shape: tuple[int, int]) -> NDArray[np.uint8]:
    import cv2

    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.int32)), (1,))
    return mask


def turned(picture: Picture, rng: np.random.RandomState | np.random.Generator) -> Picture:
    """
    Turn a picture by up to 10 degrees, scale and shift it by up to 5 %, and mirror every second one.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)
    rng : RandomState or Generator
        The published program draws with the former.

    Returns
    -------
    array of uint8, shape of `picture`
        Where nothing comes to lie, its border is continued.
    """
    import cv2

    rows, cols = picture.shape[:2]
    angle, scale = rng.uniform(-10, 10), rng.uniform(0.95, 1.05)
    shift = rng.uniform(-0.05, 0.05) * cols, rng.uniform(-0.05, 0.05) * rows
    transform = cv2.getRotationMatrix2D((cols / 2, rows / 2), angle, scale)
    transform[:, 2] += shift
    warped = cv2.warpAffine(picture, transform, (cols, rows), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped[:, ::-1] if rng.random() < 0.5 else warped, dtype=np.uint8)


# --- fakes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Warping:
    """
    Recipe that makes fakes of real faces.

    Attributes
    ----------
    scales : (float, float)
        Range of the factor that a face is brought to, uniform; 0.25 stands for a generator of 64 pixels in a face of 256.
    masks : tuple of {"square", "ellipse", "hull", "cheeks"}
        What is pasted back; one is drawn for every fake.
    region : float
        Side of the face region as a share of the crop's, about its middle; it is moved and stretched by up to a tenth.
    colour : bool
        Change brightness, contrast, colour and sharpness, of reals and fakes alike, by factors in 0.5 to 1.5.
    """

    scales: tuple[float, float] = (0.25, 0.9)
    masks: tuple[Literal["square", "ellipse", "hull", "cheeks"], ...] = MASKS
    region: float = 0.7
    colour: bool = True

    def fake(self, picture: Picture, rng: np.random.Generator, landmarks: NDArray | None = None) -> Picture:
        """
        Make a fake of a real crop.

        Parameters
        ----------
        picture : array of uint8 (rows, cols, 3)
        rng : Generator
        landmarks : array (68, 2), optional
            Of the face, where they are known; else a mean face in the region stands in for the hull.

        Returns
        -------
        array of uint8, shape of `picture`
        """
        left, top, right, bottom = self._region(picture.shape[:2], rng)
        face = picture[top:bottom, left:right].astype(np.float32)
        factor = max(float(rng.uniform(*self.scales)), 1 / min(face.shape[:2]))  # a pixel is left of the smallest
        warped = blurred_at_scale(face, factor)
        mask = self._mask(face.shape[:2], (left, top), str(rng.choice(self.masks)), landmarks)[..., None]
        result = picture.copy()
        result[top:bottom, left:right] = np.clip(np.rint(warped * mask + face * (1 - mask)), 0, 255).astype(np.uint8)
        return result

    def _region(self, shape: tuple[int, ...], rng: np.random.Generator) -> Box:
        sizes = [round(self.region * side * rng.uniform(0.9, 1.1)) for side in shape[:2]]
        sizes = [min(max(8, size), side) for size, side in zip(sizes, shape, strict=False)]
        starts = [(side - size) / 2 + rng.uniform(-0.1, 0.1) * size for size, side in zip(sizes, shape, strict=False)]
        top, left = (int(np.clip(round(s), 0, side - size)) for s, size, side in zip(starts, sizes, shape, strict=False))
        return left, top, left + sizes[1], top + sizes[0]

    def _mask(
        self, shape: tuple[int, int], corner: tuple[int, int], kind: str, landmarks: NDArray | None
    ) -> NDArray[np.float32]:
        import cv2

        if kind == "square":
            return np.ones(shape, np.float32)
        mask = np.zeros(shape, np.float32)
        if kind == "ellipse":
            centre, axes = (shape[1] // 2, shape[0] // 2), (shape[1] // 2, shape[0] // 2)
            cv2.ellipse(mask, centre, axes, 0, 0, 360, (1,), -1)
            return mask
        if landmarks is None:
            points = np.zeros((68, 2))
            points[17:] = MEAN_FACE * (shape[1], shape[0])
        else:
            points = landmarks - np.array(corner)
        mark = hull_mask if kind == "hull" else cheeks_mask
        return mark(points, shape).astype(np.float32)

    def changed_colours(self, picture: Picture, rng: np.random.RandomState | np.random.Generator) -> Picture:
        """Change brightness, contrast, colour and sharpness by factors uniform in 0.5 to 1.5; nothing if that is not wanted."""
        if not self.colour:
            return picture
        from PIL import Image, ImageEnhance

        image = Image.fromarray(picture)
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color, ImageEnhance.Sharpness):
            image = enhance(image).enhance(float(rng.uniform(0.5, 1.5)))
        return np.asarray(image)


# Points 17 to 67 of the mean face in the unit square, as the published program aligns to.
MEAN_FACE = np.array(
    [
        (0.000213256, 0.106454),
        (0.0752622, 0.038915),
        (0.18113, 0.0187482),
        (0.29077, 0.0344891),
        (0.393397, 0.0773906),
        (0.586856, 0.0773906),
        (0.689483, 0.0344891),
        (0.799124, 0.0187482),
        (0.904991, 0.038915),
        (0.98004, 0.106454),
        (0.490127, 0.203352),
        (0.490127, 0.307009),
        (0.490127, 0.409805),
        (0.490127, 0.515625),
        (0.36688, 0.587326),
        (0.426036, 0.609345),
        (0.490127, 0.628106),
        (0.554217, 0.609345),
        (0.613373, 0.587326),
        (0.121737, 0.216423),
        (0.187122, 0.178758),
        (0.265825, 0.179852),
        (0.334606, 0.231733),
        (0.260918, 0.245099),
        (0.182743, 0.244077),
        (0.645647, 0.231733),
        (0.714428, 0.179852),
        (0.793132, 0.178758),
        (0.858516, 0.216423),
        (0.79751, 0.244077),
        (0.719335, 0.245099),
        (0.254149, 0.780233),
        (0.340985, 0.745405),
        (0.428858, 0.727388),
        (0.490127, 0.742578),
        (0.551395, 0.727388),
        (0.639268, 0.745405),
        (0.726104, 0.780233),
        (0.642159, 0.864805),
        (0.556721, 0.902192),
        (0.490127, 0.909281),
        (0.423532, 0.902192),
        (0.338094, 0.864805),
        (0.290379, 0.784792),
        (0.428096, 0.778746),
        (0.490127, 0.785343),
        (0.552157, 0.778746),
        (0.689874, 0.784792),
        (0.553364, 0.824182),
        (0.490127, 0.831803),
        (0.42689, 0.824182),
    ]
)
