"""The face finder RetinaFace: its weights, its anchors, and the decoding of its outputs; run by ONNX Runtime."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError
from ...benchmark.invocation import try_import
from ...benchmark.store.folders import cache_root
from .face import Face, as_box, existing_weights, largest_first, wrong_weights

URL = "https://github.com/yakhyo/uniface/releases/download/weights/retinaface_mv2.onnx"
SHA256 = "3ca44c045651cabeed1193a1fae8946ad1f3a55da8fa74b341feab5a8319f757"
THRESHOLD, OVERLAP, CANDIDATES = 0.5, 0.4, 5000
SIDE = 640  # pixels; of the network's input, where its file leaves the size open
MEAN = np.array([104, 117, 123], dtype=np.float32)  # of blue, green and red
STEPS = (8, 16, 32)  # pixels from one anchor to the next, at three levels
ANCHOR_SIDES = ((16, 32), (64, 128), (256, 512))
CENTRE_UNIT, SIZE_UNIT = 0.1, 0.2  # of predicted offsets and log sizes, relative to an anchor's side
WHERE = f"{URL.rpartition('/')[2]} is at {URL}"


class RetinaFace:
    """
    RetinaFace with its five landmarks.

    It reads files whose outputs are those of github.com/biubug6/Pytorch_Retinaface: boxes, class probabilities and landmarks
    of the anchors, for pictures in blue, green and red with their mean subtracted. A picture is scaled to fit into the square
    input of the network.

    Parameters
    ----------
    weights : Path, optional
        ONNX file. Without one, that of github.com/yakhyo/retinaface-pytorch with the backbone MobileNetV2 is downloaded into
        the cache once.
    threshold : float
        Least confidence of a face, 0 to 1; 0 stands for 0.5.

    Raises
    ------
    DataError
        If the extra ``face`` is missing, the weights cannot be downloaded, or the file holds another network.

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
        """Run the network on a black picture and compare its outputs with the anchors; another network fails here."""
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
        """Rows and columns of the network's input, in pixels."""
        rows, cols = (self._session.get_inputs()[0].shape + [None] * 4)[2:4]
        return (rows if isinstance(rows, int) else SIDE), (cols if isinstance(cols, int) else SIDE)

    @cached_property
    def _anchors(self) -> NDArray[np.float64]:
        """Middle (x, y) and side of all anchors in pixels, float64 (n_anchors, 3)."""
        levels = []
        for step, sides in zip(STEPS, ANCHOR_SIDES, strict=True):
            rows, cols = (-(-side // step) for side in self._shape)
            y, x, side = np.meshgrid((np.arange(rows) + 0.5) * step, (np.arange(cols) + 0.5) * step, sides, indexing="ij")
            levels.append(np.stack([x, y, side], axis=-1).reshape(-1, 3))
        return np.concatenate(levels)

    def _predict(self, picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
        """Predict boxes (n_anchors, 4), class probabilities (n_anchors, 2) and landmarks (n_anchors, 10) of an RGB input."""
        data = (picture[..., ::-1] - MEAN).astype(np.float32).transpose(2, 0, 1)[None]
        outputs = self._session.run(None, {self._session.get_inputs()[0].name: data})
        by_width = {output.shape[-1]: output.reshape(-1, output.shape[-1]).astype(np.float64) for output in outputs}
        return by_width[4], by_width[2], by_width[10]

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Find faces and their landmarks; boxes and landmarks are in pixels of the picture."""
        import cv2

        scaled, scale = _fit_into(picture, self._shape)
        offsets, classes, points = self._predict(scaled)
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


def _fit_into(picture: NDArray[np.uint8], shape: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Scale a picture into the left upper corner of a black one; return it and the factors of width and height."""
    import cv2

    rows, cols = picture.shape[:2]
    scale = min(shape[0] / rows, shape[1] / cols)
    size = (max(1, round(cols * scale)), max(1, round(rows * scale)))
    canvas = np.zeros((*shape, 3), dtype=np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(picture, size)
    return canvas, np.array([size[0] / cols, size[1] / rows])


def _open_session(path: Path) -> Any:
    with try_import("face", "retinaface"):
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the workers of a preparation share the cores already
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common parent
        raise wrong_weights("retinaface", path, WHERE) from error


def fetch_weights() -> Path:
    """
    Return the path of the weights in the cache; download them if they are not there.

    Raises
    ------
    DataError
        If the download fails, or the file has another SHA-256.
    """
    with try_import("face", "retinaface"):
        import pooch
        import requests
    pooch.get_logger().setLevel("ERROR")
    folder = cache_root() / "weights"
    try:
        return Path(pooch.retrieve(URL, f"sha256:{SHA256}", URL.rpartition("/")[2], folder))
    except (requests.RequestException, ValueError, OSError) as error:
        raise DataError(
            f"the weights of retinaface cannot be fetched from {URL} ({type(error).__name__}); get the file elsewhere and give "
            f"it with --weights FILE."
        ) from error
