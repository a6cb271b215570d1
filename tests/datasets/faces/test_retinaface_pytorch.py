"""Networks of the real package retinaface-pytorch with planted and random weights, and files that are refused."""

import io
import pickle
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from retinaface.network import RetinaFace as Network

from bandbench.benchmark.errors import DataError
from bandbench.datasets.faces import retinaface_pytorch
from bandbench.datasets.faces.face import Face
from bandbench.datasets.faces.finders import open_finder
from bandbench.datasets.faces.retinaface import RetinaFace
from trees.tiny_networks import MARKS, write_retinaface

LONGEST = 192  # instead of 960: a tenth of the time


@pytest.fixture(autouse=True)
def small_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retinaface_pytorch, "LONGEST", LONGEST)


def random_network() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return Network("Resnet50", False, 256, {"layer2": 1, "layer3": 2, "layer4": 3}, 256)


@pytest.fixture(scope="module")
def shapes() -> Mapping[str, torch.Tensor]:
    """State of the network without memory: names, shapes and types."""
    with torch.device("meta"):
        return random_network().state_dict()


def zeros(shapes: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a state of zeros whose tensors share one number each, so that its file is small."""
    return {name: torch.zeros((), dtype=tensor.dtype).expand(tensor.shape) for name, tensor in shapes.items()}


@pytest.fixture(scope="module")
def planted(shapes: Mapping[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a network that sees a face of 24 x 16 pixels in every cell of 32 pixels, whatever it is shown."""
    state = zeros(shapes)
    for level in range(3):
        face = 2.0 if level == 2 else -10.0  # the larger anchor of the last level, of 512 pixels
        state[f"ClassHead.{level}.conv1x1.bias"] = torch.tensor([0.0, -10.0, 0.0, face])
        box = torch.tensor([0.05, -0.05, *(np.log(np.array([24, 16]) / 512) / 0.2)])
        state[f"BboxHead.{level}.conv1x1.bias"] = torch.cat([torch.zeros(4), box])
        state[f"LandmarkHead.{level}.conv1x1.bias"] = torch.cat([torch.zeros(10), torch.tensor(MARKS.ravel() / 10)])
    path = tmp_path_factory.mktemp("planted") / "planted.pth"
    torch.save(state, path)
    return path


def test_planted_faces_are_found_where_they_are(planted: Path) -> None:
    finder = open_finder("retinaface", planted)
    assert finder.weights == planted
    faces = finder.find(np.zeros((128, 384, 3), dtype=np.uint8))  # shown half as large: 2 x 6 cells
    middles = np.array([(col + 0.5, row + 0.5) for row in range(2) for col in range(6)]) * 32
    corners = middles + np.array([0.1 * 0.05 * 512 - 12, -0.1 * 0.05 * 512 - 8])
    expected = sorted((2 * left, 2 * top, 48, 32) for left, top in corners)
    assert np.array(sorted(face.box for face in faces)) == pytest.approx(np.array(expected), abs=1e-3)
    assert [face.confidence for face in faces] == pytest.approx([1 / (1 + np.exp(-2))] * 12, rel=1e-6)
    first = min(faces, key=lambda face: face.box)
    assert first.landmarks == pytest.approx(2 * (16 + 0.1 * MARKS / 10 * 512), abs=1e-3)


def test_the_threshold_is_that_of_the_package(planted: Path) -> None:
    assert RetinaFace(planted).threshold == 0.7
    confidence = 1 / (1 + np.exp(-2))
    picture = np.zeros((64, 192, 3), dtype=np.uint8)
    assert len(RetinaFace(planted, confidence - 0.001).find(picture)) == 12
    assert RetinaFace(planted, confidence + 0.001).find(picture) == []


def test_pytorch_keeps_its_threads(planted: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        RetinaFace(planted).find(np.zeros((64, 192, 3), dtype=np.uint8))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.fixture(scope="module")
def package() -> Any:
    """Return the package's own model with random weights, which reads, resizes and normalises a picture by itself."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer version of itself
        warnings.simplefilter("ignore", UserWarning)
        from retinaface.predict_single import Model

        torch.manual_seed(0)
        model = Model(max_size=LONGEST)
    network = model.model.train()
    with torch.no_grad():
        network(torch.randn(1, 3, 96, 128))  # statistics of its batch normalisations, without which values explode
        for head in [*network.ClassHead, *network.BboxHead, *network.LandmarkHead]:
            head.conv1x1.weight *= 4
    model.eval()
    return model


@pytest.fixture(scope="module")
def random_finder(package: Any, tmp_path_factory: pytest.TempPathFactory) -> RetinaFace:
    path = tmp_path_factory.mktemp("random") / "random.pth"
    torch.save(package.model.state_dict(), path)
    finder = RetinaFace(path)
    path.unlink()  # 110 MB
    return finder


@pytest.mark.parametrize("size", [(160, 240), (96, 64)])  # one is reduced, one enlarged
def test_random_weights_find_the_faces_of_the_package(size: tuple[int, int], package: Any, random_finder: RetinaFace) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    picture[: size[0] // 2, :, 0] //= 4  # its colours differ, so that their order is seen
    network = random_finder._network
    confidences = np.sort(network.predict(network.scale(picture))[1][:, 1])
    random_finder.threshold = float(confidences[-200:-198].mean())  # between those of two anchors
    faces = random_finder.find(picture)
    expected = package.predict_jsons(picture, random_finder.threshold, nms_threshold=0.4)
    assert len(faces) == len(expected) > 20
    found = np.array([[*_edges(face), face.confidence, *np.ravel(face.landmarks)] for face in faces])
    own = np.array([[*face["bbox"], face["score"], *np.ravel(face["landmarks"])] for face in expected])
    distances = np.abs(found[:, None] - own).max(axis=2)
    assert distances.min(axis=1) == pytest.approx(np.zeros(len(faces)), abs=0.02), "the package rounds to 0.01"
    assert len(set(distances.argmin(axis=1).tolist())) == len(faces), "each of its faces once"


def _edges(face: Face) -> tuple[float, float, float, float]:
    left, top, width, height = face.box
    return left, top, left + width, top + height


class Malicious:
    """An object whose unpickling writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "run")


def test_files_that_are_no_network_of_it(shapes: Mapping[str, torch.Tensor], planted: Path, tmp_path: Path) -> None:
    state = torch.load(planted, weights_only=True)
    lacking = {name: tensor for name, tensor in state.items() if not name.startswith("fpn")}
    n_lacking = len(state) - len(lacking)
    saved = {
        "lacking": (lacking, f"lacks {n_lacking} of the {len(state)} tensors of the network, such as fpn.merge1.0.weight"),
        "further": ({**state, "head": torch.zeros(2)}, "holds 1 tensors that the network does not have, such as head"),
        "shape": (
            {**state, "body.conv1.weight": torch.zeros(2)},
            r"the shape of body.conv1.weight is \(2,\), and .*\(64, 3, 7",
        ),
        "number": ({**state, "body.conv1.weight": 3}, r"the shape of body.conv1.weight is \(\), and "),
        "list": ([torch.zeros(2)], "holds a list instead of the tensors of a network"),
        "checkpoint": ({"state_dict": state}, "lacks 456 of the 456 tensors"),
        "code": ({**state, "harm": Malicious(tmp_path / "harm")}, "holds Python objects, which are never loaded"),
    }
    for name, (content, _) in saved.items():
        torch.save(content, tmp_path / f"{name}.pth")
    whole = planted.read_bytes()
    written = {
        "truncated": (whole[: len(whole) // 2], "its end is missing"),
        "stream": (pickle.dumps(Malicious(tmp_path / "harm"), protocol=2), "holds Python objects, which are never loaded"),
        "text": (b"no network", "its first bytes are not those of PyTorch"),
        "empty": (b"", "its first bytes are not those of PyTorch"),
        "onnx": (write_retinaface(tmp_path / "r.onnx").read_bytes(), "an ONNX file has to be named .onnx"),
    }
    for name, (content, _) in written.items():
        (tmp_path / f"{name}.pth").write_bytes(content)
    for name, (_, reason) in {**saved, **written}.items():
        with pytest.raises(DataError, match=reason) as raised:
            open_finder("retinaface", tmp_path / f"{name}.pth")
        told = str(raised.value)
        assert told.startswith(f"{tmp_path / name}.pth (") and told.endswith("then --weights FILE."), told
        assert "\n" not in told and told.count(". ") == 0, "one sentence"
    assert not (tmp_path / "harm").exists()


def test_a_stream_as_pytorch_wrote_before_1_6_is_read(planted: Path, tmp_path: Path) -> None:
    state = torch.load(planted, weights_only=True)
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert len(RetinaFace(tmp_path / "old.pt").find(np.zeros((64, 192, 3), dtype=np.uint8))) == 12


def test_an_archive_that_is_not_unpacked_is_refused(planted: Path, tmp_path: Path) -> None:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(planted, "weights.pth")
    (tmp_path / "weights.zip").write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match=r"weights.zip .*retinaface_resnet50.*zip at https://.*has to be unpacked"):
        RetinaFace(tmp_path / "weights.zip")


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        (
            "retinaface",
            "weights.pth with the package retinaface-pytorch, which is missing: .*install .*--no-deps retinaface-pytorch",
        ),
        ("torchvision", r"retinaface with the weights weights.pth needs the extra `deep` \(torchvision missing\)"),
        ("torch", r"retinaface with the weights weights.pth needs the extra `deep` \(torch missing\)"),
    ],
)
def test_a_missing_library_is_named_with_its_command(
    absent: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights.pth").touch()
    for name in [*filter(lambda name: name.partition(".")[0] == "retinaface", sys.modules), absent]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(DataError, match=message):
        open_finder("retinaface", tmp_path / "weights.pth")


def test_pytorch_waits_for_a_file_of_its_own(tmp_path: Path) -> None:
    path = write_retinaface(tmp_path / "r.onnx")
    code = f"""
import sys
from pathlib import Path
from bandbench.datasets.faces.finders import open_finder
open_finder("retinaface", Path({str(path)!r}))
print([name for name in ("torch", "torchvision", "retinaface", "albumentations") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
