"""``bench spectra`` from files to pictures, numbers and MLflow."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.cli import main
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import missing_program, noise_picture

Maker = Callable[..., Path]
Bench = Callable[..., tuple[int, str, str]]
PNG = ("profile.png", "dct.png", "fft_highpass.png", "density_error.png")
PLANTED = (16, 8)  # cycles over 64 pixels: 0.25 across and 0.125 down


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Run ``bench spectra``: its exit code, standard output, and standard error without line breaks."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["spectra", *map(str, arguments)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return int(stop.value.code or 0), captured.out, " ".join(captured.err.split())

    return call


@pytest.fixture
def waves(tmp_path: Path) -> Path:
    """Noise pictures; the fakes carry a faint wave, each at a phase of its own."""
    y, x = np.indices((64, 64))
    for label in ("real", "fake"):
        (tmp_path / "waves" / label).mkdir(parents=True)
        for i in range(24):
            picture = noise_picture(i + (100 if label == "fake" else 0)).astype(float)
            if label == "fake":
                picture += 5 * np.cos(2 * np.pi * (PLANTED[0] * x + PLANTED[1] * y) / 64 + i)
            path = tmp_path / "waves" / label / f"{label}{chr(97 + i)}.png"
            Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(path)
    return tmp_path / "waves"


def test_a_planted_wave_is_found_and_drawn(bench: Bench, waves: Path, picture_folder: Maker, tmp_path: Path) -> None:
    others = ("--data", f"mine={picture_folder(n=8)}", "mine", "--crop", 64, "--html")
    out = tmp_path / "drawn"
    code, printed, messages = bench(
        "--data", f"waves={waves}", *others, "--reference", "waves", "--out", out, "--json", tmp_path / "facts.json"
    )
    assert code == 0, messages
    assert messages.count("reading the domains") == 1
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["reference"] == "waves"
    assert [entry["domain"] for entry in facts["domains"]] == ["waves", "mine"]
    found = facts["domains"][0]
    assert (found["real"]["pictures"], found["fake"]["pictures"], found["problems"]) == (24, 24, [])
    (peak,) = found["peaks"]["fft_highpass"]
    assert abs(peak["horizontal"]) == 0.25
    assert peak["vertical"] * np.sign(peak["horizontal"]) == 0.125
    assert peak["difference"] > 10  # dB
    assert found["largest_error"]["frequency"] == pytest.approx(np.hypot(0.25, 0.125), abs=1 / 64)
    assert found["largest_error"]["value"] > 0.4
    curves = [
        found[label][name][part] for label in ("real", "fake") for name in ("profile", "density") for part in ("mean", "std")
    ]
    assert {len(curve) for curve in curves} == {len(facts["frequency"])}
    assert f"({peak['horizontal']:.3f}, {peak['vertical']:.3f})" in printed
    assert "mine" in printed

    assert {path.name for path in out.iterdir()} == {*PNG, *(name.replace(".png", ".html") for name in PNG)}
    for name in PNG:
        with Image.open(out / name) as picture:
            assert picture.format == "PNG"
            assert len(np.unique(np.asarray(picture.convert("L")))) > 20
    assert name in messages

    client = client_for(default_tracking_uri())
    experiment = client.get_experiment_by_name("spectra")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["bandbench.kind"] == "spectra"
    assert run.data.params["domains"] == "waves, mine"
    assert run.data.metrics["pictures/fake/waves"] == 24
    assert {dataset.dataset.name for dataset in run.inputs.dataset_inputs} == {"waves", "mine"}
    kept = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert kept == {path.name for path in out.iterdir()} | {"spectra.json"}


@pytest.fixture
def chromium() -> str:
    return shutil.which("chromium") or missing_program("Chromium", "apt-get install chromium")


def test_the_pages_open_without_a_network(bench: Bench, waves: Path, tmp_path: Path, chromium: str) -> None:
    assert bench("--data", f"waves={waves}", "--crop", 64, "--html", "--no-track", "--out", tmp_path)[0] == 0
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path}/browser"]
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    for name, text in (("profile", "fake − real (dB)"), ("fft_highpass", "horizontal frequency (cycles/pixel)")):
        page = f"file://{tmp_path}/{name}.html"
        document = subprocess.run(
            [chromium, *options, offline, "--virtual-time-budget=10000", "--dump-dom", page],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=True,
        ).stdout  # fmt: skip
        assert text in re.findall(r'<text class="[xy]\d*title"[^>]*>([^<]*)<', document)  # drawn, not only there as data


def test_a_truncated_picture_is_told_and_left_out(bench: Bench, waves: Path, tmp_path: Path) -> None:
    path = waves / "real" / "reala.png"
    path.write_bytes(path.read_bytes()[:500])
    (waves / "fake" / "fakea.png").write_text("hello")
    code, printed, messages = bench("--data", f"waves={waves}", "--crop", 64, "--no-track", "--out", tmp_path, "--json")
    assert code == 3
    assert "2 pictures could not be used" in messages
    assert "waves: real/reala.png: cannot be decoded" in messages
    (found,) = json.loads(printed)["domains"]
    assert (found["real"]["pictures"], found["real"]["skipped"], found["fake"]["pictures"]) == (23, 1, 23)
    assert found["problems"][1]["item"] == "fake/fakea.png"
    assert "not a JPEG" in found["problems"][1]["detail"]
    assert all((tmp_path / name).exists() for name in PNG)


def test_published_statistics_of_every_channel(bench: Bench, tmp_path: Path) -> None:
    arguments = ("procedural/planted", "procedural/nearest", "--split", "test", "--limit", 6, "--crop", 64)
    code, printed, messages = bench(*arguments, "--faithful", "--per-channel", "--no-track", "--out", tmp_path, "--json")
    assert code == 0, messages
    facts: dict[str, Any] = json.loads(printed)
    assert (facts["statistics"], facts["split"], facts["limit"]) == ("published", "test", 6)
    assert [Path(path).name for path in facts["files"]] == [
        "profile.png", "dct_red.png", "dct_green.png", "dct_blue.png", "fft_highpass.png", "density_error.png",
    ]  # fmt: skip
    assert {entry["real"]["pictures"] for entry in facts["domains"]} == {6}
    # 20 ln |F| of an unnormalised FFT: far above the decibels of the clean profile.
    assert min(facts["domains"][0]["real"]["profile"]["mean"]) > 60


def test_a_store_that_does_not_answer(bench: Bench, waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    code, printed, messages = bench(
        "--data", f"waves={waves}", "--crop", 64, "--out", tmp_path / "out", "--tracking-uri", "http://127.0.0.1:9"
    )
    assert code == 3
    assert "the tracking store http://127.0.0.1:9 does not answer" in messages
    assert "waves" in printed
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(PNG)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["procedural/plantd"], "Did you mean 'planted'?"),
        (
            ["imagenet"],
            "unknown data set 'imagenet'. Known: procedural. A folder of your own becomes a data set with --data NAME=DIR.",
        ),
        ([], "no domain is named; try `bench spectra procedural/planted`"),
        (["procedural/planted", "--reference", "procedural"], "--reference is one domain; procedural has several"),
        (["procedural/planted", "--crop", "3"], "the side of a crop is between 16 and 4096 pixels, got 3"),
        (["procedural/planted", "--out", "/proc/spectra"], "cannot write to /proc/spectra"),
        (["procedural/planted", "--json", "/nowhere/facts.json"], "cannot write /nowhere/facts.json"),
        (["procedural/planted", "--split", "tset"], "Invalid value for '--split'"),
        (["procedural/planted", "--limit", "0"], "Invalid value for '--limit'"),
        (["procedural/planted", "--jobs", "0"], "--jobs is at least 1, got 0"),
        (["procedural/planted", "--tracking-uri", "nowhere"], "the tracking address is a URI"),
    ],
)
def test_mistakes(arguments: list[str], message: str, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, messages = bench(*arguments)
    assert code == 2
    assert message in messages
    assert not list(tmp_path.glob("**/*.png"))


def test_mistakes_about_folders(bench: Bench, waves: Path, tmp_path: Path) -> None:
    data = ("--data", f"waves={waves}", "--out", tmp_path, "--no-track")
    code, _, messages = bench("procedural/planted", *data)
    assert code == 2
    assert "--data waves is not used; name waves among the domains, or leave it out." in messages
    code, _, messages = bench(*data, "--crop", 128)
    assert code == 2
    assert "waves: none of its 24 real pictures can be used" in messages
    assert "64x64 pixels is smaller than the 128x128 crop. Choose a smaller window than --crop 128." in messages
