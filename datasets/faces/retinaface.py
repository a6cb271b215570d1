"""The network RetinaFace, run by ONNX Runtime: its anchors, and what its outputs mean."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError
from ...benchmark.invocation import install_extra
from ...benchmark.store import cache_root
from .face import Face, as_box, existing_weights, largest_first, wrong_weights

URL = "https://github.com/yakhyo/uniface/releases/download/weights/retinaface_mv2.onnx"
SHA256 = "3ca44c045651cabeed1193a1fae8946ad1f3a55da8fa74b341feab5a8319f757"
THRESHOLD, OVERLAP, CANDIDATES = 0.5, 0.4, 5000
SIDE = 640  # of the square that the network is shown, where its file leaves that open
MEAN = np.array([104, 117, 123], dtype=np.float32)  # of blue, green and red
STEPS = (8, 16, 32)  # pixels from one anchor to the next, at three levels
ANCHOR_SIDES = ((16, 32), (64, 128), (256, 512))
CENTRE_UNIT, SIZE_UNIT = 0.1, 0.2  # of what the network predicts, relative to an anchor's side
WHERE = f"{URL.rpartition('/')[2]} is at {URL}"


class RetinaFace:
    """
    RetinaFace with its five landmarks.

    Files with the outputs of github.com/biubug6/Pytorch_Retinaface are understood: boxes, class probabilities and landmarks
    of the anchors, for pictures in blue, green and red, less their mean. A picture is shown to the network in a square,
    reduced or enlarged to fit.

    Parameters
    ----------
    weights : Path, optional
        ONNX file. Without one, that of github.com/yakhyo/retinaface-pytorch with the backbone MobileNetV2 is fetched into the
        cache, once.
    threshold : float
        Least confidence; 0 stands for 0.5.

    References
    ----------
    Deng et al., RetinaFace: single-shot multi-level face localisation in the wild, CVPR 2020.
    """

    def __init__(self, weights: Path | None = None, threshold: float = 0.0) -> None:
        self.weights = fetch_weights() if weights is None else existing_weights("retinaface", weights, WHERE)
        self.threshold = threshold or THRESHOLD
        self._session = _open_session(self.weights)
        self._check()

    def _check(self) -> None:
        """Show the network an empty square; another one fails here."""
        n_anchors = len(self._anchors)
        try:
            boxes, classes, landmarks = self._predict(np.zeros((*self._shape, 3), dtype=np.uint8))
            fits = len(boxes) == len(classes) == len(landmarks) == n_anchors
        except Exception as error:
            raise wrong_weights("retinaface", self.weights, WHERE) from error
        if not fits or not np.allclose(classes.sum(axis=1), 1, atol=1e-3):
            raise wrong_weights("retinaface", self.weights, WHERE)

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """Rows and columns of what the network is shown."""
        rows, cols = (self._session.get_inputs()[0].shape + [None] * 4)[2:4]
        return (rows if isinstance(rows, int) else SIDE), (cols if isinstance(cols, int) else SIDE)

    @cached_property
    def _anchors(self) -> NDArray[np.float64]:
        """Middle and side of all anchors in pixels, float64 (n_anchors, 3)."""
        found = []
        for step, sides in zip(STEPS, ANCHOR_SIDES, strict=True):
            rows, cols = (-(-side // step) for side in self._shape)
            y, x, side = np.meshgrid((np.arange(rows) + 0.5) * step, (np.arange(cols) + 0.5) * step, sides, indexing="ij")
            found.append(np.stack([x, y, side], axis=-1).reshape(-1, 3))
        return np.concatenate(found)

    def _predict(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
        """Boxes (n_anchors, 4), class probabilities (n_anchors, 2) and landmarks (n_anchors, 10) of a square in RGB."""
        data = (picture[..., ::-1] - MEAN).astype(np.float32).transpose(2, 0, 1)[None]
        outputs = self._session.run(None, {self._session.get_inputs()[0].name: data})
        by_width = {output.shape[-1]: output.reshape(-1, output.shape[-1]).astype(np.float64) for output in outputs}
        return by_width[4], by_width[2], by_width[10]

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Find faces and their landmarks."""
        import cv2

        shown, scale = _in_square(picture, self._shape)
        offsets, classes, points = self._predict(shown)
        keep = np.flatnonzero(classes[:, 1] >= self.threshold)
        keep = keep[np.argsort(-classes[keep, 1], kind="stable")][:CANDIDATES]
        centres, sides = self._anchors[keep, :2], self._anchors[keep, 2:]
        middles = centres + offsets[keep, :2] * CENTRE_UNIT * sides
        sizes = sides * np.exp(offsets[keep, 2:] * SIZE_UNIT)
        marks = centres[:, None] + points[keep].reshape(-1, 5, 2) * CENTRE_UNIT * sides[:, None]
        boxes = np.concatenate([(middles - sizes / 2) / scale, sizes / scale], axis=1)
        best = cv2.dnn.NMSBoxes(boxes.tolist(), classes[keep, 1].tolist(), 0.0, OVERLAP) if len(keep) else ()
        return largest_first(
            [Face(as_box(boxes[k]), float(classes[keep[k], 1]), marks[k] / scale) for k in np.asarray(best, int)]
        )


def _in_square(picture: NDArray[np.uint8], shape: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Picture in the left upper corner of a black one, and by how much its width and height were enlarged."""
    import cv2

    rows, cols = picture.shape[:2]
    scale = min(shape[0] / rows, shape[1] / cols)
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    square = np.zeros((*shape, 3), dtype=np.uint8)
    square[: size[1], : size[0]] = cv2.resize(picture, size)
    return square, np.array([size[0] / cols, size[1] / rows])


def _open_session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise DataError(f"retinaface needs the extra `face`: {install_extra('face')}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the workers of a preparation share the cores already
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common parent
        raise wrong_weights("retinaface", path, WHERE) from error


def fetch_weights() -> Path:
    """
    Path of the network in the cache, fetched if it is not there.

    Raises
    ------
    DataError
        If it cannot be fetched, or something else came.
    """
    try:
        import pooch
        import requests
    except ImportError as error:
        raise DataError(f"retinaface needs the extra `face`: {install_extra('face')}") from error
    pooch.get_logger().setLevel("ERROR")
    folder = cache_root() / "weights"
    try:
        return Path(pooch.retrieve(URL, f"sha256:{SHA256}", URL.rpartition("/")[2], folder))
    except (requests.RequestException, ValueError, OSError) as error:
        raise DataError(
            f"the weights of retinaface cannot be fetched from {URL} ({type(error).__name__}); get the file elsewhere and give "
            f"it with --weights FILE."
        ) from error
