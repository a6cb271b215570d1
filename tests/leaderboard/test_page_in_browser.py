"""The page in a real Chromium: what a reader does with it, and that it asks nobody for anything."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bandbench.leaderboard.details import Details
from bandbench.leaderboard.page import page as make_page
from bandbench.leaderboard.rows import Board
from conftest import missing_program

Maker = Callable[..., dict[str, Any]]
HOSTILE = (
    "</script><script>window.hurt=1</script>", "<img src=x onerror='window.hurt=1'>", "\"'`${window.hurt=1}", "x" * 5000,
    "\u202eتجربة", "<b>bold</b> &lt;i&gt; <a href='javascript:window.hurt=1'>a</a>", "=HYPERLINK(1)", "$\\alpha$ %{x}",
)  # fmt: skip
CONTRAST = """() => {
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { c: [r, g, b], a }; };
  const linear = (v) => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const { c, a } = parse(getComputedStyle(node).backgroundColor);
      if (a === 1) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let n = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const [node, text] = [texts.currentNode.parentElement, texts.currentNode.textContent.trim()];
    if (!text || node.closest("script, style, noscript, option, svg, :disabled, .unseen") || !node.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color).c), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    n += 1;
    if (ratio < 4.5) poor.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return { n, poor };
}"""
FOCUS = """() => {
  const [active, style] = [document.activeElement, getComputedStyle(document.activeElement)];
  const name = active.id || active.dataset.column || active.className || active.tagName;
  return [name, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0];
}"""
NAMELESS = """() => [...document.querySelectorAll("input, select, button, [role=region], [role=img], table")]
  .filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim() || e.caption))
  .map((e) => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing_program("Chromium", "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


class Reader:
    """An open page, and all that went wrong in it."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.address = path.as_uri()
        self.page = browser.new_page(**{"viewport": {"width": 1400, "height": 900}, **options})
        self.page.set_default_timeout(120_000)  # of a loaded machine
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.open()

    def _asked(self, url: str) -> None:
        if not url.startswith(("data:", "blob:")) and url.partition("#")[0] != self.address:
            self.requests.append(url)

    def open(self, hash_: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(self.address + hash_)
        self.page.wait_for_selector("html[data-ready=yes]", state="attached")

    def detectors(self) -> list[str]:
        return self.page.locator("#rows tbody tr[data-row] .link").all_inner_texts()

    def hash(self) -> str:
        return self.page.evaluate("location.hash")

    def until(self, selector: str, pattern: str) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_have_text(re.compile(pattern))

    def no_sideways_scroll(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def downloaded(self, form: str) -> str:
        self.page.locator("#downloads-menu").evaluate("menu => { menu.open = true; }")
        with self.page.expect_download() as waiting:
            self.page.click(f"#downloads button[data-form={form}]")
        return Path(waiting.value.path()).read_text(encoding="utf-8")


@pytest.fixture
def reader(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    """Opens a page of rows; when the test is over, nothing may have gone wrong or been asked for."""
    opened = []

    def show(rows: list[dict[str, Any]], details: Details | None = None, uri: str = "", **options: Any) -> Reader:
        path = tmp_path / f"page{len(opened)}.html"
        path.write_text(make_page(Board("made", rows, []), details or Details(), uri), encoding="utf-8")
        opened.append(Reader(browser, path, **options))
        return opened[-1]

    yield show
    for one in opened:
        assert one.page.evaluate("window.hurt") is None
        one.page.close()
        assert one.troubles == []
        assert one.requests == []


@pytest.fixture
def rows(row_maker: Maker) -> list[dict[str, Any]]:
    """Two sets of test pictures, ranks in the first."""
    ranks = {"svm": (1, 1, 1), "ridge": (2, 3, 2), "coin": (2, 3, 2)}
    made = [
        row_maker(name, level=level, **dict(zip(("rank_low", "rank_high", "tie_group"), ranks[name], strict=True)))
        for name, level in (("svm", 0.85), ("ridge", 0.7), ("coin", 0.49))
    ]
    made += [row_maker("svm", "set/b", 0.9), row_maker("ridge", "set/b", 0.6, domains=("set/a", "set/b", "set/c"))]
    return [*made, row_maker("svm", level=0.8, role="allpass")]


def details_of(row: dict[str, Any]) -> Details:
    from bandbench.leaderboard.charts import ROC_GRID
    from bandbench.leaderboard.details import row_id

    domains = {
        test["domain"]: {"roc": [float(x) for x in ROC_GRID], "reals": [3] * 30, "fakes": [2] * 30} for test in row["tests"]
    }
    cell = {"sweep": [[0.05 * i, 0.05 * i + 0.05, 0.6, 0.5, 0.7] for i in range(10)], "allpass": 0.8, "command": "bench run"}
    cell |= {"page": "/#/experiments/1/runs/x", "view": "profile", "parameters": {row["detector"]: row["detector"]}}
    detail = {"low": 0.0, "high": 1.0, "domains": domains, "tests": {}, "robustness": []}
    return Details(cells={row["run_id"]: cell}, rows={row_id(row): detail})


def test_sorting_keeps_sets_apart_until_told(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows)
    assert shown.detectors() == ["svm", "ridge", "coin", "svm", "ridge"]
    head = shown.page.locator("#rows thead button[data-column=cross_domain_auc]")
    head.click()
    head.click()  # the highest first, then the lowest
    assert shown.detectors() == ["coin", "ridge", "svm", "ridge", "svm"]
    assert shown.page.locator("#rows th[aria-sort=ascending]").inner_text().startswith("cross-domain")
    assert shown.page.locator("#rows tr.set").count() == 2
    assert shown.page.locator("#mixed").is_hidden()
    shown.page.uncheck("#apart")
    assert shown.detectors() == ["coin", "ridge", "ridge", "svm", "svm"]
    assert "do not compare" in shown.page.locator("#mixed").inner_text()


def test_filters_search_and_columns_live_in_the_address(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows)
    shown.page.fill("#q", "SVM set/b")
    shown.until("#status", "^2 of 6")
    assert shown.detectors() == ["svm", "svm"]  # every one was tested on set/b
    shown.page.select_option("#role", "")
    assert len(shown.detectors()) == 3
    shown.page.locator("#columns-menu summary").click()
    shown.page.uncheck("#columns input[data-column=coverage]")
    shown.page.check("#columns input[data-column=fit_seconds]")
    shown.page.keyboard.press("Escape")
    shown.page.locator("#rows thead button[data-column=worst_auc]").click()
    wanted = shown.hash(), shown.page.locator("#rows").inner_text()
    shown.open(wanted[0])
    assert (shown.hash(), shown.page.locator("#rows").inner_text()) == wanted
    assert shown.page.input_value("#q") == "SVM set/b"
    assert shown.page.locator("#rows thead button[data-column=coverage]").count() == 0
    shown.page.click("#reset")
    assert shown.hash() in ("", "#")
    shown.page.select_option("#detector", "ridge")
    assert set(shown.detectors()) == {"ridge"}
    shown.page.select_option("#detector", "")
    shown.page.fill("#q", "no such thing")
    shown.until("#status", "^0 of")
    assert "No row passes" in shown.page.locator("#rows").inner_text()


def test_an_address_from_elsewhere_breaks_nothing(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows)
    for hash_ in (
        "#sort=-nonsense&page=-7&size=x&left={&hide=detector",
        "#row=nobody",
        "#q=%3Cimg%20src%3Dx%3E&set=99&part=q",
        "#part=maps",
    ):
        shown.open(hash_)
    shown.open("#row=nobody")
    assert "There is no row nobody" in shown.page.locator("#detail").inner_text()


def test_heat_map_tells_under_the_pointer_and_the_arrow_keys(reader: Callable[..., Reader], rows: list[dict]) -> None:
    rows[1]["tests"] = rows[1]["tests"][:2]
    shown = reader(rows)
    shown.page.select_option("#left", label="svm · chosen bands · made")
    shown.page.select_option("#right", label="ridge · chosen bands · made")
    tables = shown.page.locator("#heat table")
    assert tables.count() == 3
    cells = [[row.locator("td").all_inner_texts() for row in tables.nth(i).locator("tbody tr").all()] for i in range(3)]
    assert cells[0] == [["0.95", "0.85", "0.85"], ["0.90", "1.00", "0.90"]]
    assert cells[1] == [["0.80", "0.70", "–"], ["0.60", "0.70", "0.60"]]
    assert cells[2] == [["+0.15", "+0.15", "–"], ["+0.30", "+0.30", "+0.30"]]
    tip = shown.page.locator("#tip")
    tables.nth(0).locator("tbody td").nth(1).hover()
    assert "trained on set/a" in tip.inner_text()
    assert "AUC 0.850 (0.830–0.870)" in tip.inner_text()
    tables.nth(1).locator("tbody td").nth(0).focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowRight")
    assert "not measured" in tip.inner_text()
    shown.page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_everything_is_reached_by_keyboard_and_focus_is_seen(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows)
    reached, unseen = set(), []
    for _ in range(120):
        shown.page.keyboard.press("Tab")
        told = shown.page.evaluate(FOCUS)
        if told[0] == "BODY":
            break
        reached.add(told[0])
        unseen += [] if told[1] else [told[0]]
    assert reached >= {"theme", "q", "detector", "data", "role", "apart", "reset", "cross_domain_auc", "link", "left", "right"}
    assert unseen == []
    shown.page.locator("#rows thead button[data-column=gain]").focus()
    shown.page.keyboard.press("Enter")
    assert shown.page.evaluate("document.activeElement.dataset.column") == "gain"
    shown.page.locator("#rows .link").first.focus()
    shown.page.keyboard.press("Enter")
    assert shown.page.evaluate("document.activeElement.id") == "detail-title"
    shown.page.go_back()
    assert shown.page.locator("#detail").is_hidden()
    assert shown.page.locator("#rows .link").first.is_visible()


def test_controls_and_tables_have_names(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows, details_of(rows[0]))
    assert shown.page.evaluate(NAMELESS) == []
    assert shown.page.locator("main, nav, header, footer, h1").count() == 5
    assert shown.page.locator("#rows thead th:not([scope=col])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(reader: Callable[..., Reader], rows: list[dict], scheme: str) -> None:
    rows[2]["gaps"] = ["a band"]
    shown = reader(rows, details_of(rows[0]), color_scheme=scheme)
    found = shown.page.evaluate(CONTRAST)
    assert found["n"] > 150
    assert found["poor"] == []
    shown.page.locator("#rows .link").first.click()
    found = shown.page.evaluate(CONTRAST)
    assert found["n"] > 50
    assert found["poor"] == []


def test_the_switch_overrules_the_system(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows, color_scheme="light")
    back = "getComputedStyle(document.body).backgroundColor"
    assert shown.page.evaluate(back) == "rgb(255, 255, 255)"
    shown.page.click("#theme")
    assert shown.page.evaluate(back) == "rgb(255, 255, 255)"
    shown.page.click("#theme")
    assert shown.page.evaluate(back) != "rgb(255, 255, 255)"
    assert shown.page.locator("#theme").inner_text() == "Theme: dark"


def test_a_telephone_scrolls_the_table_and_not_the_page(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows, details_of(rows[0]), viewport={"width": 360, "height": 740})
    assert shown.no_sideways_scroll()
    for menu in ("#columns-menu", "#downloads-menu"):
        shown.page.locator(f"{menu} summary").click()
        box = shown.page.locator(f"{menu} > :not(summary)").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        shown.page.keyboard.press("Escape")
    shown.page.locator("#rows .link").first.click()
    assert shown.no_sideways_scroll()


def test_paper_shows_every_row_and_no_controls(reader: Callable[..., Reader], row_maker: Maker) -> None:
    shown = reader([row_maker(f"d{i}") for i in range(70)], color_scheme="dark")
    assert len(shown.detectors()) == 50
    shown.page.emulate_media(media="print")
    shown.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(shown.detectors()) == 70
    for control in ("#filters", "nav", "#pager", "#theme"):
        assert shown.page.locator(control).is_hidden()
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    shown.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(shown.detectors()) == 50


def test_a_row_has_its_own_address_and_curves(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows, details_of(rows[0]), "https://mlflow.example")
    shown.page.locator("#rows .link").first.click()
    text = shown.page.locator("#detail").inner_text()
    assert "bench run" in text
    assert shown.page.locator("#detail .js-plotly-plot").count() == 5  # ROC, DET and scores of three domains
    link = shown.page.locator("#detail a[href^=https]").get_attribute("href")
    assert link == "https://mlflow.example/#/experiments/1/runs/x"
    shown.open(shown.hash())
    assert shown.page.locator("#detail").inner_text() == text
    shown.page.click("#back")
    assert shown.page.locator("#board").is_visible()
    shown.page.locator("#rows .link").nth(1).click()
    assert "Not in this page" in shown.page.locator("#detail").inner_text()


def test_downloads_hold_the_rows_that_are_shown(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows)
    shown.page.select_option("#detector", "svm")
    lines = list(csv.DictReader(io.StringIO(shown.downloaded("csv"))))
    assert [(line["detector"], line["train"], line["set"]) for line in lines] == [("svm", "set/a", "A"), ("svm", "set/b", "B")]
    assert float(lines[0]["cross_domain_auc"]) == pytest.approx(0.85)
    told = json.loads(shown.downloaded("json"))
    assert [test["domain"] for test in told["rows"][0]["tests"]] == ["set/a", "set/b", "set/c"]


def test_latex_is_bold_only_where_nobody_is_tied(reader: Callable[..., Reader], rows: list[dict]) -> None:
    shown = reader(rows)
    text = shown.downloaded("tex")
    assert text.count("\\textbf{") == 1
    assert "\\textbf{0.850}" in text
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == text.count("\\toprule") == 1
    tied = [dict(row, rank_low=1, rank_high=3, tie_group=1) for row in rows[:3]]
    assert "\\textbf{" not in reader([*tied, *rows[3:]]).downloaded("tex")
    alone = [{k: v for k, v in row.items() if not k.startswith(("rank", "tie"))} for row in rows]
    assert "\\textbf{" not in reader(alone).downloaded("tex")


def test_cost_frontier_is_of_one_set_and_leads_to_rows(reader: Callable[..., Reader], row_maker: Maker) -> None:
    made = [
        row_maker(name, level=level, ms_per_picture=ms) for name, level, ms in (("a", 0.6, 1), ("b", 0.9, 5), ("c", 0.8, 9))
    ]
    shown = reader([*made, row_maker("d", "set/b", 0.99, ms_per_picture=0.1)])
    assert shown.page.locator("#frontier .link").all_inner_texts() == ["a", "b"]
    shown.page.select_option("#cost-set", "1")
    assert shown.page.locator("#frontier .link").all_inner_texts() == ["d"]
    shown.page.locator("#frontier .link").first.click()
    assert shown.page.locator("#detail-title").inner_text() == "d"


def test_bands_have_no_place_without_data(reader: Callable[..., Reader], rows: list[dict], row_maker: Maker) -> None:
    assert reader(rows).page.locator("#bands").is_hidden()
    swept = reader(rows, details_of(rows[0])).page.locator("#bands")
    assert swept.locator(".js-plotly-plot").count() == 1
    slid = [
        row_maker(
            role="fixed", band={"kind": kind, "cutoff": 0.1 * i, "width": 0.05, "order": 1, "mode": "keep"}, cell=f"{kind}{i}"
        )
        for kind in ("band", "stop")
        for i in range(1, 5)
    ]
    names = reader([*rows, *slid]).page.locator("#bands h3").all_inner_texts()
    assert names == ["One band kept: test AUC on each domain", "One band stopped: test AUC on each domain"]


@pytest.mark.parametrize("width", [360, 1400])
def test_hostile_names_stay_text(reader: Callable[..., Reader], row_maker: Maker, test_maker: Maker, width: int) -> None:
    made = []
    for name in HOSTILE:
        row = row_maker(name, name, study=name, worst_domain=name, gaps=[name], rank_low=None, rank_reason=name)
        row["tests"] = [test_maker(name, 0.9), test_maker("set/b", 0.8)]
        made.append(row)
    details = details_of(made[0])
    details.cells = {
        row["run_id"]: {**details.cells[made[0]["run_id"]], "parameters": {row["detector"]: row["detector"]}} for row in made
    }
    shown = reader(made, details, viewport={"width": width, "height": 900})
    shown.page.wait_for_timeout(100)
    assert shown.no_sideways_scroll()
    texts = [text.strip() for text in shown.page.locator("#rows .link").all_text_contents()]
    assert set(texts) == {name if len(name) < 400 else name[:399] + "…" for name in HOSTILE}
    assert shown.page.locator("#rows img, #rows b, #heat b, #heat img, svg a[href], svg b").count() == 0
    drawn = "".join(shown.page.locator("#pareto text").all_text_contents())
    assert "<b>bold</b> &lt;i&gt;" in drawn
    for form in ("csv", "json", "tex"):
        assert len(shown.downloaded(form)) > 1000
    assert all(not line["detector"].startswith("=") for line in csv.DictReader(io.StringIO(shown.downloaded("csv"))))
    for i in range(len(HOSTILE)):
        shown.page.locator("#rows .link").nth(i).click()
        assert shown.no_sideways_scroll()
        assert shown.page.locator("#detail img, #detail b").count() == 0
        shown.page.click("#back")
