"""
``make pictures``: make the pictures of the gallery again, by the commands that stand below them.

Takes a quarter of an hour. The results folder is kept in build/pictures, so that an interrupted run continues.
Names of figures as arguments choose some of them.
"""

import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.text import Text

from bandbench.datasets.procedural import Procedural
from extensions.gallery import FIGURES, Figure

IMAGES = Path(__file__).parent / "images"
FOLDER = Path(__file__).parents[1] / "build" / "pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PORT = 5987
COLOURS = 128  # of a picture; figures have few
COLUMNS = 104  # of the terminal
SETTLED = 3000  # milliseconds until a page is drawn
LAST_LINE = "with other reals the AUC may differ."
SLOWEST = 180_000  # milliseconds until a screen of MLflow has its content
READY = {  # a text that stands on a screen of MLflow when its content is there
    "mlflow_study": "spectral_svm on procedural/planted",
    "mlflow_cell": "Description",
    "mlflow_compare": "Run details",
    "mlflow_model": "Description",
}
WITHOUT_ASSISTANT = """
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
"""
STUDIES = {
    "shots.yaml": """\
name: shots
detectors: [spectral_svm, dct_ridge]
train: [procedural/nearest]
test: [procedural/blend, procedural/planted]
shots: [0, 5, 20, 60]
seeds: 5
sweep: null
search: {trials: 0}
controls: false
oracle: false
keep_models: false
datasets: {procedural: {n_train: 80, n_val: 40, n_test: 100}}
""",
    "perturbed.yaml": """\
name: perturbed
detectors: [spectral_svm, dct_ridge]
train: [procedural/planted]
test: [procedural/planted, procedural/zeroinsert]
perturbations: [jpeg:quality=90, jpeg:quality=70, jpeg:quality=50, "blur:sigma=1", "noise:sd=5"]
seeds: 5
sweep: null
search: {trials: 0}
controls: false
oracle: false
keep_models: false
datasets: {procedural: {n_train: 80, n_val: 40, n_test: 100}}
""",
    "discrepancy.yaml": """\
name: discrepancy
detectors: [clip_probe/random]
train: [procedural/planted]
test: [procedural]
seeds: 1
crop: {side: 64}
mode: pixels
sweep: null
search: {trials: 0}
bands: [{kind: low, high: 0.1}, {kind: high, low: 0.25}]
controls: false
oracle: false
keep_models: false
datasets: {procedural: {n_train: 40, n_val: 20, n_test: 100}}
mmd: {}
""",
}


def main(names: list[str]) -> None:
    """Run the commands of the figures and keep their pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ["BANDBENCH_HOME"] = str(FOLDER / "home")
    os.environ.setdefault("BANDBENCH_CACHE", str(FOLDER / "cache"))
    for file, text in STUDIES.items():
        (FOLDER / file).write_text(text, encoding="utf-8")
    figures = [figure for group in FIGURES.values() for figure in group if figure.name in names or not names]
    for command in dict.fromkeys(figure.command for figure in figures if figure.found):
        _run(command)
    for figure in figures:
        if figure.found:
            _keep(figure.name, _find(figure).read_bytes())
    screens = {figure.name for figure in figures if not figure.found}
    if screens:
        _keep_screens(screens)


def _run(command: str) -> None:
    if "mine=DIR" in command and not (FOLDER / "mine").exists():
        _write_pictures()
    if command.startswith("bench train") and (FOLDER / "model").exists():
        return
    words = command.replace("\\\n", " ").replace("mine=DIR", "mine=mine --group-by mine=none").split()
    print("$", *words, flush=True)
    done = subprocess.run(words, cwd=FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode not in (0, 3):  # 3: done with gaps, as an audit that finds something
        raise SystemExit(f"{command} ended with {done.returncode}")


def _write_pictures() -> None:
    """Write a folder whose classes were stored with different JPEG qualities."""
    dataset, count = Procedural(), {0: 0, 1: 0}
    for item in dataset.items("planted"):
        if count[item.label] == 120:
            continue
        count[item.label] += 1
        folder = FOLDER / "mine" / ("fake" if item.label else "real")
        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.open(io.BytesIO(dataset.read(item))).convert("RGB")
        picture.save(folder / f"{count[item.label]:04d}.jpg", quality=75 if item.label else 95)


def _find(figure: Figure) -> Path:
    """Return the newest file of a figure, of its cell where there are several."""
    artifacts = FOLDER / "home" / "artifacts"
    files = [*FOLDER.glob(figure.found), *artifacts.glob(figure.found)]
    fitting = [file for file in files if figure.cell in (None, _cell_of(file))]
    if not fitting:
        raise SystemExit(f"no file {figure.found} below {FOLDER}; delete this folder and run the command again.")
    return max(fitting, key=lambda file: file.stat().st_mtime)


def _cell_of(file: Path) -> tuple[str, str] | None:
    document = file.with_name("cell.json")
    if not document.exists():
        return None
    cell = json.loads(document.read_text(encoding="utf-8"))
    return cell["detector"], cell["train"]


def _keep(name: str, data: bytes) -> None:
    """Write a picture with a palette, which is a third of its size."""
    picture = Image.open(io.BytesIO(data)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(IMAGES / f"{name}.png", optimize=True)
    print(f"{name}.png, {(IMAGES / f'{name}.png').stat().st_size // 1024} KiB", flush=True)


def _keep_screens(names: set[str]) -> None:
    _run("bench run band_search")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if "terminal_table" in names:
            _keep_terminal(browser)
        if "leaderboard_page" in names:
            _keep_page(browser)
        if "band_transfer" in names:
            _keep_band_transfer(browser)
        if any(name.startswith("mlflow") for name in names):
            _keep_tracking(browser)
        browser.close()


def _keep_terminal(browser: Browser) -> None:
    text = _terminal_text(["bench", "leaderboard", "--study", "band_search"])
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(text))
    page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1)
    page.set_content(f"<body style='margin:0'>{console.export_svg(title='bench leaderboard --study band_search')}</body>")
    _keep("terminal_table", page.locator("svg").first.screenshot())
    page.close()


def _terminal_text(command: list[str]) -> str:
    """Return the output of a command in a terminal, with its colours, up to the last sentence on the rows."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    process = subprocess.Popen(command, stdout=inside, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
    os.close(inside)
    lines = b"".join(_chunks(outside)).decode().replace("\r\n", "\n").split("\n")
    process.wait()
    last = next((i for i, line in enumerate(lines) if LAST_LINE in line), len(lines) - 1)
    return "\n".join(line.rstrip() for line in lines[: last + 1])


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the command has ended
            return
        if not chunk:
            return
        yield chunk


def _keep_page(browser: Browser) -> None:
    page = _board(browser, "band_search")
    _keep("leaderboard_page", page.screenshot())
    page.close()


def _keep_band_transfer(browser: Browser) -> None:
    _run("bench run band_transfer")
    page = _board(browser, "band_transfer")
    section = page.locator("section").filter(has=page.get_by_role("heading", name="Band transfer", exact=True)).first
    section.scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLED)
    _keep("band_transfer", section.screenshot())
    page.close()


def _board(browser: Browser, study: str) -> Page:
    """Open the page of a study."""
    _run(f"bench leaderboard --study {study} --html board.html")
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto((FOLDER / "board.html").as_uri())
    page.add_style_tag(content="nav { position: static !important }")  # it would lie across a long picture
    page.wait_for_timeout(SETTLED)
    return page


def _keep_tracking(browser: Browser) -> None:
    """Start ``bench ui`` and keep its screens of a study, its best cell, its comparison of cells, and a model."""
    command = ["bench", "ui", "--port", str(PORT)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        page = browser.new_page(viewport={"width": 1400, "height": 820})
        page.add_init_script(WITHOUT_ASSISTANT)
        for name, address in _tracking_addresses(_study_address(server)).items():
            page.goto("about:blank")
            page.goto(address)
            page.get_by_text(READY[name]).first.wait_for(timeout=SLOWEST)
            page.wait_for_timeout(SETTLED)
            _keep(name, page.screenshot())
    finally:
        server.terminate()
        server.wait()


def _study_address(server: subprocess.Popen[str]) -> str:
    for line in server.stdout or ():
        _, mark, address = line.strip().partition("study band_search: ")
        if mark:
            return address
    raise SystemExit("bench ui printed no address of the study band_search")


def _tracking_addresses(study: str) -> dict[str, str]:
    client: Any = MlflowClient(f"sqlite:///{FOLDER.resolve() / 'home' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("band_search").experiment_id
    order = ["metrics.cross_domain_auc DESC"]
    cells = client.search_runs([experiment], "tags.`bandbench.kind` = 'cell'", max_results=6, order_by=order)
    best = cells[0].info.run_id
    (model,) = client.search_logged_models([experiment], filter_string=f"source_run_id = '{best}'")
    base, ids = study.partition("/#/")[0], ",".join(f'"{run.info.run_id}"' for run in cells)
    return {
        "mlflow_study": study,
        "mlflow_cell": f"{base}/#/experiments/{experiment}/runs/{best}",
        "mlflow_compare": f'{base}/#/compare-runs?runs=[{ids}]&experiments=["{experiment}"]',
        "mlflow_model": f"{base}/#/experiments/{experiment}/models/{model.model_id}",
    }


if __name__ == "__main__":
    main(sys.argv[1:])
