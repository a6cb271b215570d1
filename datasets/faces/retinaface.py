"""The face finder RetinaFace: its anchors, the decoding of its outputs, and the network of an ONNX file with its download."""

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError
from ...benchmark.invocation import try_import
from ...benchmark.store.folders import cache_root
from .face import Face, as_box, existing_weights, largest_first, wrong_weights
from .retinaface_pytorch import TORCH_SUFFIXES, PytorchNetwork, resized

URL = "https://github.com/yakhyo/uniface/releases/download/weights/retinaface_mv2.onnx"
SHA256 = "3ca44c045651cabeed1193a1fae8946ad1f3a55da8fa74b341feab5a8319f757"
THRESHOLD, OVERLAP, CANDIDATES = 0.5, 0.4, 5000
SIDE = 640  # pixels; of the network's input, where its file leaves the size open
MEAN = np.array([104, 117, 123], dtype=np.float32)  # of blue, green and red
STEPS = (8, 16, 32)  # pixels from one anchor to the next, at three levels
ANCHOR_SIDES = ((16, 32), (64, 128), (256, 512))
CENTRE_UNIT, SIZE_UNIT = 0.1, 0.2  # of predicted offsets and log sizes, relative to an anchor's side
WHERE = f"{URL.rpartition('/')[2]} is at {URL}"


class Network(Protocol):
    """
    A network with the anchors of RetinaFace.

    Attributes
    ----------
    threshold : float
        Confidence of a face that its authors ask for.
    """

    threshold: float

    def scale(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize a picture to the size that the network sees best."""
        ...

    def pad(self, scaled: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Extend a resized picture to the right and below to an input of the network."""
        ...

    def predict(self, data: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
        """Predict boxes (n_anchors, 4), class probabilities (n_anchors, 2) and landmarks (n_anchors, 10) of an RGB input."""
        ...


class RetinaFace:
    """
    RetinaFace with its five landmarks.

    Parameters
    ----------
    weights : Path, optional
        ONNX file with the outputs of github.com/biubug6/Pytorch_Retinaface (see `OnnxNetwork`), or a file of PyTorch
        (``.pth``) of the package retinaface-pytorch (see `PytorchNetwork`). Without one, the ONNX file of
        github.com/yakhyo/retinaface-pytorch with the backbone MobileNetV2 is downloaded into the cache once.
    threshold : float
        Least confidence of a face, 0 to 1; 0 stands for that of the network.

    Raises
    ------
    DataError
        If a library is missing, the weights cannot be downloaded, or the file holds another network.

    References
    ----------
    Deng et al., RetinaFace: single-shot multi-level face localisation in the wild, CVPR 2020.
    """

    def __init__(self, weights: Path | None = None, threshold: float = 0.0) -> None:
        self.weights = fetch_weights() if weights is None else existing_weights("retinaface", weights, WHERE)
        self._network = _open_network(self.weights)
        self.threshold = threshold or self._network.threshold

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """Find faces and their landmarks; boxes and landmarks are in pixels of the picture."""
        import cv2

        scaled = self._network.scale(picture)
        factors = np.array(scaled.shape[1::-1]) / picture.shape[1::-1]  # of width and height
        data = self._network.pad(scaled)
        offsets, classes, points = self._network.predict(data)
        keep = np.flatnonzero(classes[:, 1] >= self.threshold)
        keep = keep[np.argsort(-classes[keep, 1], kind="stable")][:CANDIDATES]
        anchors = _anchors(*data.shape[:2])[keep]
        centres, sides = anchors[:, :2], anchors[:, 2:]
        middles = centres + offsets[keep, :2] * CENTRE_UNIT * sides
        sizes = sides * np.exp(offsets[keep, 2:] * SIZE_UNIT)
        marks = centres[:, None] + points[keep].reshape(-1, 5, 2) * CENTRE_UNIT * sides[:, None]
        boxes = np.concatenate([(middles - sizes / 2) / factors, sizes / factors], axis=1)
        best = cv2.dnn.NMSBoxes(boxes.tolist(), classes[keep, 1].tolist(), 0.0, OVERLAP) if len(keep) else ()
        return largest_first(
            [Face(as_box(boxes[k]), float(classes[keep[k], 1]), marks[k] / factors) for k in np.asarray(best, int)]
        )


def _open_network(path: Path) -> Network:
    return PytorchNetwork(path) if path.suffix.lower() in TORCH_SUFFIXES else OnnxNetwork(path)


@lru_cache(maxsize=4)
def _anchors(rows: int, cols: int) -> NDArray[np.float64]:
    """Return the middle (x, y) and side of all anchors of an input in pixels, (n_anchors, 3)."""
    levels = []
    for step, sides in zip(STEPS, ANCHOR_SIDES, strict=True):
        n_rows, n_cols = -(-rows // step), -(-cols // step)
        y, x, side = np.meshgrid((np.arange(n_rows) + 0.5) * step, (np.arange(n_cols) + 0.5) * step, sides, indexing="ij")
        levels.append(np.stack([x, y, side], axis=-1).reshape(-1, 3))
    anchors = np.concatenate(levels)
    anchors.setflags(write=False)
    return anchors


class OnnxNetwork:
    """
    A network in an ONNX file.

    Its outputs are those of github.com/biubug6/Pytorch_Retinaface: boxes, class probabilities and landmarks of the anchors, for
    pictures in blue, green and red with their mean subtracted. A picture is scaled to fit into the square input.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        If the extra ``face`` is missing, or the file holds another network.
    """

    threshold = THRESHOLD

    def __init__(self, path: Path) -> None:
        self._session = _open_session(path)
        self._check(path)

    def _check(self, path: Path) -> None:
        """Run the network on a black picture and compare its outputs with the anchors; another network fails here."""
        n_anchors = len(_anchors(*self._shape))
        try:
            boxes, classes, landmarks = self.predict(np.zeros((*self._shape, 3), dtype=np.uint8))
            fits = len(boxes) == len(classes) == len(landmarks) == n_anchors
        except Exception as error:
            raise wrong_weights("retinaface", path, WHERE) from error
        if not fits or not np.allclose(classes.sum(axis=1), 1, atol=1e-3):
            raise wrong_weights("retinaface", path, WHERE)

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """Rows and columns of the network's input, in pixels."""
        rows, cols = (self._session.get_inputs()[0].shape + [None] * 4)[2:4]
        return (rows if isinstance(rows, int) else SIDE), (cols if isinstance(cols, int) else SIDE)

    def scale(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize a picture so that it just fits into the input."""
        rows, cols = picture.shape[:2]
        return resized(picture, min(self._shape[0] / rows, self._shape[1] / cols))

    def pad(self, scaled: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Put a picture into the left upper corner of a black input."""
        canvas = np.zeros((*self._shape, 3), dtype=np.uint8)
        canvas[: scaled.shape[0], : scaled.shape[1]] = scaled
        return canvas

    def predict(self, data: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
        """Predict boxes (n_anchors, 4), class probabilities (n_anchors, 2) and landmarks (n_anchors, 10) of an RGB input."""
        values = (data[..., ::-1] - MEAN).astype(np.float32).transpose(2, 0, 1)[None]
        outputs = self._session.run(None, {self._session.get_inputs()[0].name: values})
        by_width = {output.shape[-1]: output.reshape(-1, output.shape[-1]).astype(np.float64) for output in outputs}
        return by_width[4], by_width[2], by_width[10]


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
