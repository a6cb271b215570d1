"""
Size of the leaderboard's page and how soon it can be used, in a real Chromium.

``python tests/performance/leaderboard_page.py [PAGE ...]``.

Boards of made-up rows: 40 detectors, 5 studies, 5 test domains of 500 pictures in 500 groups each, 5 draws. *Shown* is when the
table stands, *complete* when maps and charts stand as well; both from the start of the navigation, the fastest of some visits.
*Choice* is the time that a page takes to compute all numbers and ranks of two of the test domains. Times depend on the machine.
Pages that are named are measured as they are, so that one of another version can be held against these.
"""

import argparse
import gc
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import Row, Standing, TestResult
from bandbench.benchmark.results.scores import DomainScores
from bandbench.leaderboard.page.details import Details, row_id
from bandbench.leaderboard.page.html import page
from bandbench.leaderboard.page.influences import InfluenceWriter, read_influences
from bandbench.leaderboard.page.payload import payload
from bandbench.leaderboard.page.picture_scores import PictureScoreWriter
from bandbench.leaderboard.page.rates import RateWriter
from bandbench.leaderboard.rows import Board

DOMAINS = [f"set/{name}" for name in "abcde"]
VISITS = 3
# Seen from inside: when the table has rows, when the page calls itself ready, and the JavaScript heap by then.
WATCH = """
new MutationObserver((_, watcher) => {
  if (!window.shown && document.querySelector("#rows tbody tr[data-row]")) window.shown = performance.now();
  if (document.documentElement.dataset.ready) { window.complete = performance.now(); watcher.disconnect(); }
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-ready"] });
"""
SEARCH = """async () => {
  const [field, status, start] = [document.getElementById("q"), document.getElementById("status"), performance.now()];
  const before = status.textContent;
  field.value = "detector_7";
  field.dispatchEvent(new Event("input"));
  while (status.textContent === before) await new Promise((again) => setTimeout(again, 5));
  return performance.now() - start;
}"""


CHOICE = """async () => {
  const start = performance.now();
  const status = document.getElementById("choice-status");
  if (!document.getElementById("choice") || document.getElementById("choice").hidden) return NaN;
  history.pushState(null, "", "#test=set/a,set/b");
  dispatchEvent(new PopStateEvent("popstate"));
  while (!status.textContent.startsWith("Computed")) await new Promise((again) => setTimeout(again, 5));
  return performance.now() - start;
}"""
N_DRAWS, N_PICTURES, N_BOOTSTRAP = 5, 500, 1000
LABELS = np.arange(N_PICTURES) % 2
ITEMS = np.array([f"folder{i % 10}/picture_{i:05d}.png" for i in range(N_PICTURES)])
GROUPS = {name: np.array([f"set:{name}{i:05d}" for i in range(N_PICTURES)]) for name in (*DOMAINS, "val")}


def made_up_details(rows: list[Row]) -> Details:
    """Scores drawn at random, packed as those of recorded cells are."""
    rng, influences, rates, scores = np.random.default_rng(1), InfluenceWriter(), RateWriter(), PictureScoreWriter()
    hard = {name: rng.normal(size=N_PICTURES) for name in (*DOMAINS, "val")}
    for row in rows:
        strengths = [2 * test.auc - 1 for test in row.tests]
        draws = [[_entry(row.train, "val", hard["val"], 1.0, rng)] for _ in range(N_DRAWS)]
        for draw in draws:
            draw += [_entry(name, "test", hard[name], 2 * one, rng) for name, one in zip(DOMAINS, strengths, strict=True)]
        scores.add(row_id(row), row, draws)
        found = read_influences(row, draws, row.train, 0.3, bootstrap=N_BOOTSTRAP)
        influences.add(row_id(row), found)
        influences.add_to_recipe(f"{row.detector} {row.study}", row_id(row), found)
        rates.add(row_id(row), found.rates)
    return Details(influences=influences.packed(), rates=rates.packed(), scores=scores.packed())


def _entry(domain: str, split: str, hard: NDArray, strength: float, rng: np.random.Generator) -> DomainScores:
    values = strength * LABELS + hard + rng.normal(size=N_PICTURES)
    groups = GROUPS[domain if split == "test" else "val"]
    return DomainScores(domain, split, Scored(LABELS, values, groups), N_PICTURES, ITEMS)


def made_up_rows(n: int) -> list[Row]:
    """Rows drawn at random."""
    rng = np.random.default_rng(0)
    return [_row(i, rng) for i in range(n)]


def _row(i: int, rng: np.random.Generator) -> Row:
    aucs, width = rng.uniform(0.4, 1.0, len(DOMAINS)), float(rng.uniform(0.01, 0.05))
    train = DOMAINS[i % len(DOMAINS)]
    tests = [_test(name, float(auc), width) for name, auc in zip(DOMAINS, aucs, strict=True)]
    abroad = [test.auc for test in tests if test.domain != train]
    low = round(float(rng.uniform(0, 0.5)), 4)
    return Row(
        detector=f"detector_{i % 40}", train=train, role="chosen", study=f"study {i % 5}", seeds=N_DRAWS, rule="rule",
        run_id=rng.bytes(16).hex(), cell=f"{i:064x}", band=Band("band", low + 0.05, 0.1),
        evidence=(EvidenceStretch(low, low + 0.1),), **_interval("in_domain_auc", float(aucs[i % len(DOMAINS)]), width),
        **_interval("cross_domain_auc", float(np.mean(abroad)), width), **_interval("worst_auc", min(abroad), width),
        worst_domain=min(tests, key=lambda test: test.auc).domain, oracle_auc=max(abroad), allpass_auc=min(abroad),
        gain=float(rng.normal(0, 0.05)), coverage=1.0, tests=tuple(tests), fit_seconds=float(rng.uniform(0.1, 9)),
        ms_per_picture=float(rng.uniform(0.5, 50)), model_bytes=2048.0, split_id=f"{i % 25:08x}",
        standing=Standing(1 + i // 2, 2 + i // 2, 1 + i // 3),
    )  # fmt: skip


def _test(domain: str, auc: float, width: float) -> TestResult:
    return TestResult(
        domain, **_interval("auc", auc, width), n=500, coverage=1.0, split_list=f"list of {domain}",
        pictures=f"pictures of {domain}",
    )  # fmt: skip


def _interval(name: str, value: float, width: float) -> dict[str, float]:
    return {name: value, f"{name}_lo": max(0.0, value - width), f"{name}_hi": min(1.0, value + width)}


def write_page(n: int, folder: Path) -> tuple[Path, float, float, Details]:
    """Make a page of n rows; return it, the seconds that took, and how much smaller its data are than as plain JSON."""
    board = Board("made up", made_up_rows(n), [])
    details = made_up_details(board.rows)
    gc.collect()
    start = time.perf_counter()
    text = page(board, details)
    seconds = time.perf_counter() - start
    path = folder / f"{n} rows.html"
    path.write_text(text, encoding="utf-8")
    data = text.partition('id="payload">')[2].partition("<")[0]
    return path, seconds, len(json.dumps(payload(board, Details()), separators=(",", ":"))) / len(data), details


def visit(browser: Any, path: Path) -> dict[str, float]:
    """Open a page once in a fresh context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.add_init_script(WATCH)
    opened.goto(path.resolve().as_uri())
    opened.wait_for_selector("html[data-ready=yes]", state="attached", timeout=300_000)
    told = opened.evaluate("({ shown: window.shown, complete: window.complete, heap: performance.memory.usedJSHeapSize })")
    told["search"] = opened.evaluate(SEARCH)
    told["choice"] = opened.evaluate(CHOICE)
    context.close()
    return told


def measured(browser: Any, path: Path) -> dict[str, float]:
    """Best of several visits."""
    visits = [visit(browser, path) for _ in range(VISITS)]
    return {name: min(one[name] for one in visits) for name in visits[0]}


def report(sizes: list[int], others: list[Path]) -> None:
    """Print a table."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("tests/performance/leaderboard_page.py needs Chromium; apt-get install chromium.")
    head = [
        "page",
        "MB",
        "influences (MB)",
        "rates (MB)",
        "scores (MB)",
        "data, JSON : packed",
        "made in (s)",
        "table shown (s)",
        "complete (s)",
    ]
    head += ["search (s)", "choice (s)", "heap (MB)"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--enable-precise-memory-info"])
        made = [write_page(n, Path(folder)) for n in sizes] + [(path, np.nan, np.nan, Details()) for path in others]
        for path, seconds, ratio, details in made:
            told = measured(browser, path)
            cells = [
                path.stem,
                f"{path.stat().st_size / 1e6:.2f}",
                *(f"{len(d) / 1e6:.2f}" for d in (details.influences, details.rates, details.scores)),
            ]
            cells += [f"{ratio:.1f}", f"{seconds:.1f}"]
            cells += [f"{told[name] / 1e3:.2f}" for name in ("shown", "complete", "search", "choice")] + [
                f"{told['heap'] / 1e6:.0f}"
            ]
            print("| " + " | ".join(cells) + " |", flush=True)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("pages", type=Path, nargs="*")
    told = parser.parse_args()
    report(told.rows, told.pages)
