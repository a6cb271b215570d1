"""Two rows picture by picture on the page: differences as `ranking.comparison` has them, pictures as the score files do."""

import base64
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_boards import MadeBoard, made_board
from PIL import Image

from bandbench.benchmark.metrics.detection import best_threshold
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.scores import DomainScores, by_domain, read_scores
from bandbench.leaderboard.page.details import Details, read_details, row_id
from bandbench.leaderboard.ranking.comparison import all_groups, compare, contestant, paired_interval
from bandbench.leaderboard.ranking.entrants import RowScores

Reader = Any


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> MadeBoard:
    return made_board(tmp_path_factory.mktemp("board"), n=2, lbp=3)


@pytest.fixture(scope="module")
def details(board: MadeBoard) -> Details:
    return read_details(board.rows, board.folders)


def row_of(board: MadeBoard, detector: str, train: str, role: str = "chosen") -> Row:
    return next(row for row in board.rows if (row.detector, row.train, row.role) == (detector, train, role))


PAIRS = {
    "same training": (("svm", "set/a"), ("knn", "set/a"), ("set/b", "set/c", "set/d")),
    "other training": (("svm", "set/a"), ("ridge", "set/b"), ("set/c", "set/d")),
    "few draws": (("svm", "set/a"), ("lbp", "set/a"), ("set/b", "set/c", "set/d")),
    "close": (("svm", "set/a"), ("ridge", "set/a"), ("set/b", "set/c", "set/d")),
}


def difference(board: MadeBoard, first: Row, second: Row, domains: Sequence[str]) -> list[str]:
    """Cells of a line of the table, from `ranking.comparison`."""
    scores = RowScores(lambda row: board.folders.get(row.run_id))
    entrants = [scores.entrant(row).on(domains) for row in (first, second)]
    codes = all_groups(entrants)
    pair = [contestant(entrant, codes) for entrant in entrants]
    comparison, interval = compare(pair), paired_interval(*pair)
    p = float(comparison.p[0, 1])
    assert abs(interval.value) == pytest.approx(comparison.differences[0, 1])
    assert interval.error == pytest.approx(comparison.errors[0, 1])
    assert (p <= 0.05) == (not interval.low <= 0 <= interval.high)
    means = [f"{one.replicates.value:.3f}" for one in pair]
    bounds = " to ".join(map(signed, (interval.low, interval.high)))
    return [*means, f"{signed(interval.value)} {bounds}", "< 0.0001" if p < 0.0001 else f"{p:.4f}"]


def signed(value: float) -> str:
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else ("−" if value < 0 else "+") + text


def lines(shown: Reader, title: str) -> list[list[str]]:
    found = shown.page.locator(f"#detail [aria-label='{title}'] tbody tr").all()
    return [[" ".join(text.split()) for text in line.locator("th, td").all_inner_texts()] for line in found]


def open_pair(shown: Reader, first: Row, second: Row, more: str = "") -> None:
    shown.open(f"#row={row_id(first)}&with={row_id(second)}{more}")
    shown.page.wait_for_selector("#detail[data-compared=yes]", state="attached")


@pytest.mark.parametrize("pair", list(PAIRS))
def test_the_difference_is_that_of_the_python_comparison(
    reader: Callable[..., Reader], board: MadeBoard, details: Details, pair: str
) -> None:
    (one, other, domains), rows = PAIRS[pair], board.rows
    first, second = row_of(board, *one), row_of(board, *other)
    shown = reader(rows, details)
    open_pair(shown, first, second)
    found = lines(shown, "Paired differences")
    wanted = difference(board, first, second, domains)
    assert found[0] == [f"mean over {len(domains)} domains that are cross-domain for both", *wanted]
    assert len(found) == 5
    for line in found[1:]:
        assert line[1:] == difference(board, first, second, [line[0].split()[0]])
    open_pair(shown, first, second, "&test=set/c,set/d")
    found = lines(shown, "Paired differences")
    assert [line[0].split()[0] for line in found] == ["mean", "set/c", "set/d"]
    assert found[0][1:] == difference(board, first, second, ["set/c", "set/d"])


def entries_of(board: MadeBoard, row: Row, domain: str) -> tuple[list[DomainScores], list[float]]:
    folder = board.folders[row.run_id]
    draws = [read_scores(folder / file) for file in read_cell(folder).files_of(row)]
    validation = [next(entry.scored for entry in draw if entry.split == "val") for draw in draws]
    return by_domain(draws, "test")[domain], [best_threshold(val.labels, val.scores) for val in validation]


def right(board: MadeBoard, row: Row, domain: str) -> dict[str, tuple[bool, bool]]:
    """Of every picture: True if it is fake, and True if the row is right about it."""
    entries, thresholds = entries_of(board, row, domain)
    called: dict[str, list[bool]] = {}
    labels: dict[str, bool] = {}
    for entry, threshold in zip(entries, thresholds, strict=True):
        for item, label, score in zip(entry.items, entry.scored.labels, entry.scored.scores, strict=True):
            called.setdefault(str(item), []).append(score >= threshold)
            labels[str(item)] = bool(label)
    return {item: (labels[item], (np.mean(calls) >= 0.5) == labels[item]) for item, calls in called.items()}


def test_pictures_that_one_gets_right_and_the_other_wrong_are_counted_and_named(
    reader: Callable[..., Reader], board: MadeBoard, details: Details
) -> None:
    first, second = row_of(board, "svm", "set/a"), row_of(board, "lbp", "set/a")
    shown = reader(board.rows, details)
    open_pair(shown, first, second)
    one, other = (right(board, row, "set/c") for row in (first, second))
    wanted = []
    for fake in (False, True):
        items = [item for item, (label, _) in one.items() if label == fake]
        pairs = [(one[item][1], other[item][1]) for item in items]
        wanted += [pairs.count((True, False)), pairs.count((False, True)), pairs.count((False, False)), len(items)]
    line = next(line for line in lines(shown, "Pictures by the rows that are right") if line[0] == "set/c")
    assert line[1:] == list(map(str, wanted))
    assert wanted.count(0) < 2
    shown.page.click("summary:has-text('Which pictures: set/c')")
    shown.page.locator("details[open] h4").first.wait_for()
    lists = shown.page.locator("details[open] .mistakes").all_inner_texts()
    named = next(text for text in lists if text.startswith("reals that only lbp gets right"))
    wrong = {item for item, (fake, is_right) in one.items() if not fake and not is_right and other[item][1]}
    assert set(re.findall(r"test-real-\d+", named)) == wrong
    assert "the data may not be shown" in named


def picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (96, 96), "red").save(out, "WEBP")
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def test_only_recorded_mistakes_are_shown_as_pictures(
    reader: Callable[..., Reader], board: MadeBoard, details: Details
) -> None:
    first, second = row_of(board, "svm", "set/a"), row_of(board, "lbp", "set/a")
    one, other = (right(board, row, "set/c") for row in (first, second))
    item = next(item for item, (fake, is_right) in one.items() if fake and is_right and not other[item][1])
    both = next(item for item, (fake, is_right) in one.items() if fake and is_right and other[item][1])
    wrong = {"reals": [], "fakes": [[item, 0.1, picture()], [both, 0.1, picture()]]}
    shown = reader(board.rows, replace(details, mistakes={second.run_id: {"set/c": wrong}}))
    open_pair(shown, first, second)
    shown.page.click("summary:has-text('Which pictures: set/c')")
    images = shown.page.locator("details[open] .mistakes img")
    assert [image.get_attribute("alt") for image in images.all()] == [f"fake picture {item}"]
    open_pair(shown, second, first)  # whatever the order
    assert shown.page.locator(".mistakes img").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_two_rows_are_ticked_and_compared_by_keyboard(
    reader: Callable[..., Reader], board: MadeBoard, details: Details, width: int, scheme: str
) -> None:
    shown = reader(board.rows, details, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = shown.page
    boxes = page.locator("#rows input[data-pick]")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    assert "Tick another row" in page.locator("#picked").inner_text()
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    page.locator("#compare").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail[data-compared=yes]", state="attached")
    assert page.locator("#detail-title").inner_text().endswith("picture by picture")
    first, second = (page.evaluate(f"new URLSearchParams(location.hash.slice(1)).get('{name}')") for name in ("row", "with"))
    assert {first, second} <= {row_id(row) for row in board.rows}
    assert page.locator("#detail .chart .scatterlayer .trace").count() == 2
    assert shown.no_sideways_scroll()
    page.select_option("#scatter-on", "set/d")
    page.wait_for_selector("h3:has-text('Every picture of set/d')")
    hash_ = shown.hash()
    text = page.locator("#detail").inner_text()
    shown.open(hash_)
    page.wait_for_selector("#detail[data-compared=yes]", state="attached")
    assert page.locator("#detail").inner_text() == text
    page.click("#back")
    assert page.locator("#rows").is_visible()
    assert "with=" not in shown.hash()


def test_a_row_is_compared_from_its_details(reader: Callable[..., Reader], board: MadeBoard, details: Details) -> None:
    first, second = row_of(board, "svm", "set/a"), row_of(board, "svm", "set/a", "allpass")
    shown = reader(board.rows, details)
    shown.open(f"#row={row_id(first)}")
    shown.page.select_option("#versus", row_id(second))
    shown.page.wait_for_selector("#detail[data-compared=yes]", state="attached")
    assert shown.page.locator("#detail-title").inner_text().startswith("svm ← set/a, low <0.200 and svm ← set/a, all")


def test_a_page_without_scores_says_how_to_get_them(reader: Callable[..., Reader], board: MadeBoard, details: Details) -> None:
    first, second = row_of(board, "svm", "set/a"), row_of(board, "knn", "set/a")
    shown = reader(board.rows, replace(details, scores=""))
    open_pair(shown, first, second)
    text = shown.page.locator("#detail").inner_text()
    assert "bench leaderboard --study 'made' --html FILE" in text
    assert len(lines(shown, "Paired differences")) == 5
    shown = reader(board.rows, replace(details, influences=""))
    open_pair(shown, first, second)
    assert "are not in this page" in shown.page.locator("#detail").inner_text()
    assert len(lines(shown, "Pictures by the rows that are right")) == 4
