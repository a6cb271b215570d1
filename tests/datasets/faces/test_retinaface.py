"""RetinaFace on a small network with known answers, and the download of its weights."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.faces import retinaface
from bandbench.datasets.faces.retinaface import RetinaFace
from conftest import free_port
from trees.tiny_networks import MARKS, black_with, write_retinaface


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_retinaface(tmp_path_factory.mktemp("network") / "r.onnx")


def test_boxes_and_landmarks_are_decoded_from_the_anchors(network: Path) -> None:
    finder = RetinaFace(network)
    assert finder.weights == network
    (face,) = finder.find(black_with([(96, 64, 16)], (240, 320)))  # shown twice as large
    middle = np.array([6.5, 4.5]) * 32
    box = middle + np.array([0.1 * 512 - 128, -0.1 * 512 - 256])
    assert face.box == pytest.approx((*(box / 2), 128, 256), abs=1e-3)
    assert 0.99 < face.confidence < 1
    assert face.landmarks == pytest.approx((middle + 0.1 * MARKS * 512) / 2, abs=1e-3)
    assert finder.find(black_with([(96, 64, 16)], (240, 320), channel=2)) == []


def test_pictures_of_many_sizes_fit_into_the_input(network: Path, tmp_path: Path) -> None:
    finder = RetinaFace(network)
    for rows, cols in ((480, 640), (640, 360), (1280, 1280), (100, 200)):
        scale = 640 / max(rows, cols)
        patch = [round(v / scale) for v in (96, 32, 32)]
        (face,) = finder.find(black_with([(patch[0], patch[1], patch[2])], (rows, cols)))
        assert face.box[2:] == pytest.approx((256 / scale, 512 / scale), rel=1e-5)
        assert face.landmarks == pytest.approx((np.array([3.5, 1.5]) * 32 + 0.1 * MARKS * 512) / scale, rel=1e-5)
    small = RetinaFace(write_retinaface(tmp_path / "small.onnx", 320))
    (face,) = small.find(black_with([(96, 32, 32)], (320, 320)))
    assert face.landmarks == pytest.approx(np.array([3.5, 1.5]) * 32 + 0.1 * MARKS * 512, rel=1e-5)


@pytest.fixture
def server(network: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Serve the small network as the download; yield the paths that are requested."""
    requested: list[str] = []
    content = network.read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setattr(retinaface, "URL", f"http://127.0.0.1:{running.server_port}/face.onnx")
        monkeypatch.setattr(retinaface, "SHA256", hashlib.sha256(content).hexdigest())
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield requested
        running.shutdown()
        thread.join()


def test_weights_are_downloaded_once(server: list[str], tmp_path: Path) -> None:
    finder = RetinaFace()
    assert finder.weights and finder.weights.is_relative_to(tmp_path / "cache")
    assert len(finder.find(black_with([(96, 64, 16)], (240, 320)))) == 1
    RetinaFace()
    assert server == ["/face.onnx"]


def test_a_download_with_another_digest_is_refused(server: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retinaface, "SHA256", "0" * 64)
    with pytest.raises(DataError, match="cannot be fetched from http"):
        RetinaFace()
    assert not list((tmp_path / "cache").rglob("*.onnx"))


def test_a_failed_download_names_the_option_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")  # where nobody listens
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(DataError, match="cannot be fetched from https://.*give it with --weights FILE"):
        RetinaFace()


def test_faces_that_overlap_are_one_and_the_surest_is_kept(network: Path) -> None:
    """Two red cells side by side see boxes that are one cell apart; two far cells see two faces."""
    finder = RetinaFace(network)
    picture = black_with([(192, 192, 32)], (640, 640))
    picture[192:224, 224:256, 0] = 200
    (face,) = finder.find(picture)
    assert face.box[0] == pytest.approx(6.5 * 32 + 51.2 - 128, abs=1e-3), "the box of the brighter cell"
    assert len(finder.find(black_with([(64, 320, 32), (512, 320, 32)], (640, 640)))) == 2


def test_the_default_threshold_stands_for_zero(network: Path) -> None:
    assert RetinaFace(network).threshold == retinaface.THRESHOLD
    assert RetinaFace(network, 0.7).threshold == 0.7
