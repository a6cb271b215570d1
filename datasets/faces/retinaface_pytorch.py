"""Networks of the package retinaface-pytorch, from a local file of PyTorch; the package itself would download its weights."""

import contextlib
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError
from ...benchmark.invocation import install, try_import

TORCH_SUFFIXES = (".pth", ".pt", ".zip")
URL = "https://github.com/ternaus/retinaface/releases/download/0.01/retinaface_resnet50_2020-07-20-f168fae3c.zip"
WHERE = f"weights are in {URL.rpartition('/')[2]} at {URL}, which has to be unpacked"
LONGEST, THRESHOLD = 960, 0.7  # pixels of the longer side of an input, and least confidence: the package's own defaults
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)  # of red, green and blue, as shares of 255: those of ImageNet
DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)


class PytorchNetwork:
    """
    The ResNet-50 network of the package retinaface-pytorch, run on the CPU with one thread.

    A picture is scaled until its longer side has 960 pixels, and normalised with mean and deviation of ImageNet, as the
    package does. The package's own reading of pictures is not used, because it imports albumentations, which asks the network
    for a newer version of itself.

    Parameters
    ----------
    path : Path
        State of the network (``torch.save(network.state_dict(), path)``). It is loaded as tensors alone, so that code in the
        file is never run.

    Raises
    ------
    DataError
        If PyTorch (the extra ``deep``) or retinaface-pytorch is missing, or the file holds anything but this network.

    References
    ----------
    github.com/ternaus/retinaface, version 0.0.8.
    """

    threshold = THRESHOLD

    def __init__(self, path: Path) -> None:
        network = _untrained_network(path)
        network.load_state_dict(_read_state(path, network.state_dict()))
        self._network = network.eval()

    def scale(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize a picture so that its longer side has 960 pixels."""
        return resized(picture, LONGEST / max(picture.shape[:2]))

    def pad(self, scaled: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the picture; this network takes every size."""
        return scaled

    def predict(self, data: NDArray[np.uint8]) -> tuple[NDArray[np.float64], ...]:
        """Predict boxes (n_anchors, 4), class probabilities (n_anchors, 2) and landmarks (n_anchors, 10) of an RGB input."""
        import torch

        values = ((data / np.float32(255) - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
        with torch.inference_mode(), _one_thread():
            boxes, classes, landmarks = self._network(torch.from_numpy(np.ascontiguousarray(values)))
            outputs = boxes[0], classes[0].softmax(dim=-1), landmarks[0]
        return tuple(output.numpy().astype(np.float64) for output in outputs)


def resized(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """
    Resize a picture, linearly.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)
    scale : float
        Of both sides, which are rounded to full pixels, at least one.
    """
    import cv2

    rows, cols = picture.shape[:2]
    return np.asarray(cv2.resize(picture, (max(1, round(cols * scale)), max(1, round(rows * scale)))), dtype=np.uint8)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let PyTorch compute with one thread: workers share the cores, and the order of sums is the same on all machines."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _untrained_network(path: Path) -> Any:
    with try_import("deep", f"retinaface with the weights {path.name}"):
        import torch

        try:
            from retinaface.network import RetinaFace
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "retinaface":
                raise
            raise DataError(
                f"retinaface reads {path.name} with the package retinaface-pytorch, which is missing: "
                f"{install('retinaface-pytorch', '--no-deps')}"
            ) from error
    with warnings.catch_warnings(), torch.device("meta"):  # random weights would be drawn only to be replaced
        warnings.simplefilter("ignore", UserWarning)  # torchvision no longer calls its parameter `pretrained`
        network = RetinaFace("Resnet50", False, 256, {"layer2": 1, "layer3": 2, "layer4": 3}, 256)
    return network.to_empty(device="cpu")


def _read_state(path: Path, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the state of a network, as tensors alone, and compare its names and shapes with those that are wanted."""
    state = _load_tensors(path)
    if not isinstance(state, Mapping):
        raise _wrong_file(path, f"it holds a {type(state).__name__} instead of the tensors of a network")
    if absent := sorted(wanted.keys() - state.keys()):
        raise _wrong_file(path, f"it lacks {len(absent)} of the {len(wanted)} tensors of the network, such as {absent[0]}")
    if unknown := sorted(map(str, state.keys() - wanted.keys())):
        raise _wrong_file(path, f"it holds {len(unknown)} tensors that the network does not have, such as {unknown[0]}")
    for name, tensor in wanted.items():
        shape = tuple(getattr(state[name], "shape", ()))
        if shape != tuple(tensor.shape):
            raise _wrong_file(path, f"the shape of {name} is {shape}, and the network has {tuple(tensor.shape)}")
    return state


def _load_tensors(path: Path) -> Any:
    import torch

    with path.open("rb") as file:
        start = file.read(2)
    if start == b"PK" and not zipfile.is_zipfile(path):
        raise _wrong_file(path, "its end is missing")
    if start not in (b"PK", b"\x80\x02"):  # an archive, as PyTorch writes since 1.6, or a stream, as before
        raise _wrong_file(path, "its first bytes are not those of PyTorch, and an ONNX file has to be named .onnx")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # those of broken files have no common parent
        raise _wrong_file(
            path, "it is damaged, or holds Python objects, which are never loaded because they can run code"
        ) from error


def _wrong_file(path: Path, reason: str) -> DataError:
    return DataError(
        f"{path} ({path.stat().st_size} bytes) is no PyTorch file of retinaface: {reason}; {WHERE}; then --weights FILE."
    )
