"""Face finders by name; those that OpenCV runs, Haar's cascade and the network YuNet, are defined here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError, unknown_name
from ...benchmark.invocation import install
from ..copies.settings import Settings
from .face import FINDERS, WITH_LANDMARKS, Face, FaceFinder, as_box, existing_weights, largest_first, wrong_weights
from .retinaface import RetinaFace

HAAR_CASCADE = "haarcascade_frontalface_alt.xml"
HAAR_SCALE, HAAR_NEIGHBOURS = 1.1, 5
YUNET_FILE = "face_detection_yunet_2023mar.onnx"
YUNET_HOME = "https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"
YUNET_THRESHOLD, YUNET_OVERLAP, YUNET_CANDIDATES = 0.9, 0.3, 5000  # of OpenCV
YUNET_SIDE = 640  # it was trained on pictures of that size, for faces of up to some 300 pixels


def open_finder(name: str, weights: Path | None = None, threshold: float = 0.0) -> FaceFinder:
    """
    Open a face finder.

    Parameters
    ----------
    name : {"haar", "yunet", "retinaface", "none"}
    weights : Path, optional
        ONNX file; ``yunet`` needs one, ``retinaface`` downloads its own if there is none.
    threshold : float
        Least confidence of a face, 0 to 1; 0 is the default of the finder.

    Returns
    -------
    FaceFinder

    Raises
    ------
    DataError
        If the finder is unknown, its extra is missing, it cannot use the file, or it takes no file or threshold.
    """
    if name in ("haar", "none"):
        if weights is not None:
            raise DataError(f"{name} takes no weights; leave them out, or choose {' or '.join(WITH_LANDMARKS)}.")
        if threshold:
            raise DataError(f"{name} gives no confidence; leave the threshold out, or choose {' or '.join(WITH_LANDMARKS)}.")
        return HaarFinder() if name == "haar" else WholeFrame()
    if name == "yunet":
        return YuNet(weights, threshold)
    if name == "retinaface":
        return RetinaFace(weights, threshold)
    raise DataError(unknown_name("face finder", name, FINDERS))


@dataclass(frozen=True, eq=False)
class FrameFaces:
    """
    The faces of one frame that are large enough.

    Attributes
    ----------
    faces : list of Face
        Largest first.
    limit : int
        Least smaller side of a face in this frame, in pixels.
    too_small : int
        Smaller side of the largest face, in pixels, if all faces of the frame are below the limit; else 0.
    """

    faces: list[Face]
    limit: int
    too_small: int


def find_faces(finder: FaceFinder, picture: NDArray[np.uint8], settings: Settings) -> FrameFaces:
    """
    Find the faces of a frame that are large enough.

    Parameters
    ----------
    finder : FaceFinder
    picture : array of uint8 (rows, cols, 3)
    settings : Settings
        See `Settings.least_face`.

    Returns
    -------
    FrameFaces
    """
    limit = settings.least_face(*picture.shape[:2])
    faces = finder.find(picture)
    large = [face for face in faces if face.side >= limit]
    return FrameFaces(large, limit, max((int(face.side) for face in faces), default=0) if not large else 0)


class WholeFrame:
    """A finder that returns the whole frame, for pictures that are faces already."""

    weights: Path | None = None

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Return one face, with the size of the picture."""
        rows, cols = picture.shape[:2]
        return [Face((0.0, 0.0, float(cols), float(rows)))]


class HaarFinder:
    """
    The frontal face cascade "alt" of OpenCV (scale 1.1, 5 neighbours), which gives neither confidence nor landmarks.

    References
    ----------
    Viola and Jones, Rapid object detection using a boosted cascade of simple features, CVPR 2001.
    """

    weights: Path | None = None

    def __init__(self) -> None:
        import cv2

        # OpenCV 5 has neither the class nor the file.
        folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
        if not (Path(folder) / HAAR_CASCADE).is_file() or not hasattr(cv2, "CascadeClassifier"):
            raise DataError(
                f"haar needs OpenCV 4, which brings {HAAR_CASCADE}; installed is {cv2.__version__}. Remove every package "
                f"whose name begins with opencv, then: {install('opencv-python-headless<5')}"
            )
        self._cascade = cv2.CascadeClassifier(str(Path(folder) / HAAR_CASCADE))

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Find faces in the picture converted to grey by OpenCV."""
        import cv2

        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        boxes = self._cascade.detectMultiScale(grey, HAAR_SCALE, HAAR_NEIGHBOURS)
        return largest_first([Face(as_box(box)) for box in boxes])


class YuNet:
    """
    The network YuNet, run by OpenCV; see `open_finder` for the parameters.

    Pictures whose longer side is above 640 pixels are reduced to that, as the network was not trained on larger faces.

    References
    ----------
    Wu et al., YuNet: a tiny millisecond-level face detector, Machine Intelligence Research 2023.
    """

    def __init__(self, weights: Path | None, threshold: float = 0.0) -> None:
        self.weights = existing_weights("yunet", weights, f"{YUNET_FILE} is at {YUNET_HOME}")
        self._network = _load_yunet(self.weights, threshold or YUNET_THRESHOLD)

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Find faces and their landmarks; boxes and landmarks are in pixels of the picture."""
        import cv2

        rows, cols = picture.shape[:2]
        scale = min(1.0, YUNET_SIDE / max(rows, cols))
        size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
        reduced = picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        output = self._network.detect(cv2.cvtColor(reduced, cv2.COLOR_RGB2BGR))[1]
        detections = np.zeros((0, 15)) if output is None else output.astype(np.float64)
        enlargement = np.array([cols / size[0], rows / size[1]])
        return largest_first([self._face(detection, enlargement) for detection in detections])

    @staticmethod
    def _face(detection: NDArray[np.float64], enlargement: NDArray[np.float64]) -> Face:
        """Convert left, top, width, height, five points (in the order of `Face.landmarks`) and the confidence to a face."""
        points = detection[:14].reshape(7, 2) * enlargement
        return Face(as_box(points[:2].ravel()), float(detection[14]), points[2:])


def _load_yunet(path: Path, threshold: float) -> Any:
    import cv2

    try:
        with _quiet_opencv():
            network = cv2.FaceDetectorYN.create(
                str(path), "", (64, 64), threshold, YUNET_OVERLAP, YUNET_CANDIDATES
            )  # fmt: skip
            network.detect(np.zeros((64, 64, 3), dtype=np.uint8))  # another network fails here, not when it is loaded
    except cv2.error as error:
        raise wrong_weights("yunet", path, f"{YUNET_FILE} is at {YUNET_HOME}") from error
    return network


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Silence OpenCV, which prints its errors to the terminal before it raises them."""
    from cv2.utils import logging

    before = logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
