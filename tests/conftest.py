"""What all tests share: throwaway folders for results and cache, and small pictures made on the spot."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from threadpoolctl import threadpool_limits

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.seen import content_name
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.calibration import Calibration
from bandbench.benchmark.models.attribution import Classifier
from bandbench.benchmark.models.recipe import Recipe
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.run import Outcome, run_study
from bandbench.benchmark.study.study_file import Study
from bandbench.benchmark.tracking import sqlite_file
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.workers import ONE_THREAD, Workers

# Tests press Ctrl-C. Started in the background of a script, this process ignores it, and its children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# One numeric thread, as a worker of a study has: several in each process of pytest-xdist wait for each other.
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # for libraries that are loaded from now on, and for the commands of tests
threadpool_limits(1)


@pytest.fixture(scope="session", autouse=True)
def _stores_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """MLflow makes the first new database of this process, which takes seconds; the others are copies of that."""
    made, open_with_mlflow = tmp_path_factory.mktemp("made") / "new.db", sqlite_file._open_with_mlflow

    def open_or_copy(path: Path) -> None:
        if path.name != made.name:  # one that is there, and perhaps has to be mended
            open_with_mlflow(path)
        elif made.exists():
            shutil.copy(made, path)
        else:
            open_with_mlflow(path)
            sqlite_file._copy(path, made)  # with what its write-ahead log holds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_file, "_open_with_mlflow", open_or_copy)
        yield


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs; making one takes seconds, which every test would spend."""
    folder = tmp_path_factory.mktemp("store")
    client_for(f"sqlite:///{folder}/made.db")
    with (
        contextlib.closing(sqlite3.connect(folder / "made.db")) as made,
        contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as copy,
    ):
        made.backup(copy)  # all of it in one file, whatever is still in the write-ahead log
    return folder / "mlflow.db"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BANDBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID", raising=False)
    # Messages name the program as it is typed: here plainly, however the tests were started.
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    monkeypatch.setenv("PATH", f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}")


def noise_picture(seed: int, side: int = 64, boost: float = 1.0) -> np.ndarray:
    """Grey uint8 (side, side) picture of 1/f noise; `boost` multiplies the amplitude between 0.2 and 0.3 cycles/pixel."""
    rng = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    gain = 1 / np.maximum(radius, 1 / side)
    gain[(radius >= 0.2) & (radius <= 0.3)] *= boost
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) * gain).real
    return np.clip(np.rint(128 + 35 * field / field.std()), 0, 255).astype(np.uint8)


def textured_picture(shape: tuple[int, ...]) -> np.ndarray:
    """Smooth uint8 picture (rows, cols[, 3]) with some texture; channels differ."""
    planes = [noise_picture(seed, max(shape))[: shape[0], : shape[1]] for seed in range(3)]
    smooth = [ndimage.gaussian_filter(plane.astype(float), 1.0) for plane in planes]
    return np.rint(np.stack(smooth, axis=-1) if len(shape) == 3 else smooth[0]).astype(np.uint8)


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Absolute difference of two pictures, in grey levels."""
    return np.abs(a.astype(int) - b.astype(int))


@pytest.fixture
def picture_folder(tmp_path: Path, empty_store: Path) -> Callable[..., Path]:
    """Maker of a folder with real/ and fake/: fakes have more power between 0.2 and 0.3 cycles/pixel."""
    (tmp_path / "home").mkdir()
    shutil.copy(empty_store, tmp_path / "home")

    def make(name: str = "pictures", n: int = 20, side: int = 64, suffix: str = ".png", first_seed: int = 0) -> Path:
        root = tmp_path / name
        for label, boost in (("real", 1.0), ("fake", 1.6)):
            (root / label).mkdir(parents=True)
            for i in range(n):
                picture = noise_picture(first_seed + i + (1000 if label == "fake" else 0), side, boost)
                Image.fromarray(picture).save(root / label / f"{label}{chr(97 + i % 26)}{i:03d}{suffix}")
        return root

    return make


class SilentReporter:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.stages: list[str] = []
        self.done = 0

    def stage(self, text: str, total: int | None) -> None:
        self.stages.append(text)

    def advance(self, steps: int = 1) -> None:
        self.done += steps

    def cells(self, done: int, total: int) -> None:
        pass

    def best(self, label: str, band: object, auc: float) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


class Here(Workers):
    """Workers without processes: everything is done at once, in this one."""

    def submit(self, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(function(*args))
        return done


def small_study(**changes: Any) -> Study:
    """A study of seconds on 64-pixel folders called ``mine``; keys are replaced by `changes`."""
    keys: dict[str, Any] = {
        "name": "small",
        "detectors": ["spectral_svm"],
        "train": ["mine"],
        "test": ["mine"],
        "seeds": 1,
        "crop": {"side": 64},
        "sweep": {"width": 0.06, "step": 0.06},
        "search": {"trials": 4},
        "bootstrap": 200,
        "controls": False,
    }
    return Study.model_validate(keys | changes)


def run(study: Study, folders: dict[str, Path] | None = None, **options: Any) -> Outcome:
    """Run a study in this process (its workers are processes all the same)."""
    catalogue = Catalogue({name: str(path) for name, path in (folders or {}).items()}, dict(study.datasets))
    defaults = {"jobs": 1, "tracking_uri": default_tracking_uri(), "storage": None, "fresh": False}
    return run_study(make_plan(study, catalogue), **({"reporter": SilentReporter()} | defaults | options))


def score_files(home: Path) -> dict[str, bytes]:
    """Content of every score file among the results."""
    return {path.name: path.read_bytes() for path in sorted(home.glob("records/*/*.parquet"))}


def missing_program(what: str, remedy: str) -> NoReturn:
    """Skip a test whose program is not installed; where all programs are promised (``CI`` is set), fail."""
    message = f"{what} is missing: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if Path("/usr/lib/postgresql").is_dir() else []
    if found:
        return found[-1]
    path = shutil.which("initdb")
    return Path(path).parent if path else None


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[Callable[[str], str]]:
    """
    A PostgreSQL server of our own, on a socket in a temporary folder; called with a name, it makes a database.

    The name gets a number, because pytest makes a fixture of a module once more when it comes back to that module.
    """
    programs = _postgres_programs()
    if programs is None:
        missing_program("PostgreSQL", "apt-get install postgresql")
    # initdb refuses to run as root; the package brings a user for it.
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    place = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # the path of a socket has 107 characters at most
    if os.geteuid() == 0:
        shutil.chown(place, user)

    def as_user(program: str, *arguments: str) -> None:
        prefix = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
        subprocess.run([*prefix, f"{programs}/{program}", *arguments], check=True, capture_output=True, cwd=place)

    def database(name: str) -> str:
        name = f"{name}{time.monotonic_ns()}"
        as_user("createdb", "-h", str(place), "-U", "bench", name)
        return f"postgresql://bench@/{name}?host={place}"

    as_user("initdb", "-D", f"{place}/data", "-U", "bench", "--auth=trust", "--no-sync")
    options = f"-c listen_addresses='' -c fsync=off -k {place}"
    as_user("pg_ctl", "-D", f"{place}/data", "-o", options, "-w", "-l", f"{place}/log", "start")
    try:
        yield database
    finally:
        as_user("pg_ctl", "-D", f"{place}/data", "-m", "immediate", "stop")
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def postgres(_postgres_server: Callable[[str], str]) -> str:
    """Address of an empty database of a PostgreSQL server."""
    return _postgres_server("db")


@contextlib.contextmanager
def mlflow_server(folder: Path, store: str) -> Iterator[str]:
    """Address of a real MLflow server on a store; it keeps artifacts below `folder`."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        store,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--workers", "1", "--artifacts-destination", str(folder / "artifacts")]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for_server(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for_server(address: str, seconds: float = 120) -> None:
    """Wait until an HTTP server answers."""
    stop = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            if time.monotonic() > stop:
                raise
            time.sleep(0.2)


def trained_model() -> TrainedModel:
    """A model on 48-pixel crops below 0.4 cycles/pixel that tells `noise_picture` with a boost from those without."""
    recipe = Recipe(
        DetectorSpec.parse("spectral_logreg"), "detection", ("real", "fake"), Band("low", 0.4), CropSpec(48), ("mine",), 0
    )
    detector, labels = recipe.detector.build(), np.arange(40) // 20
    crops = np.stack([noise_picture(i, 64, 1.6 if label else 1.0)[8:56, 8:56] for i, label in enumerate(labels)])
    view = features_from_crops(view_kernel(detector.view), crops, recipe.band)
    classifier = Classifier([detector], 2).fit(view, labels)
    calibration = Calibration.of(classifier.scores(view), labels)
    return TrainedModel(recipe, classifier, calibration, (0.4, 0.6), 0.0, {"auc": 1.0}, frozenset({content_name("abc")}))


def write_clip(path: Path, frames: list[np.ndarray], codec: str) -> None:
    """Write RGB frames (rows, cols, 3) as a real clip with 25 frames a second."""
    import av

    with av.open(str(path), "w") as clip:
        stream = clip.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for frame in frames:
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        clip.mux(stream.encode())
