"""The page in a real Chromium: what a reader does with it, and that it asks nobody for anything."""

import base64
import csv
import io
import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_reader import Reader

from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.results import columns
from bandbench.benchmark.results.cell_document import NarrowBand
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.marks import Mark
from bandbench.benchmark.results.reported_tests import compared
from bandbench.benchmark.results.rows import RealsResult, Row, Shortcut, Standing, SubmissionFacts
from bandbench.benchmark.views.kernel import ALL_PASS
from bandbench.leaderboard.page.details import Choice, Details
from bandbench.leaderboard.page.html import page as make_page
from bandbench.leaderboard.ranking.detectors import DetectorPlace
from bandbench.leaderboard.rows import Board
from bandbench.leaderboard.transfer.band_transfer import band_transfer
from conftest import missing_program
from made_carriers import carrier_result

Maker = Callable[..., Any]
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


@pytest.fixture
def rows(row_maker: Maker) -> list[Row]:
    """Two sets of test pictures, ranks in the first."""
    ranks = {"svm": (1, 1, 1), "ridge": (2, 3, 2), "coin": (2, 3, 2)}
    made = [
        row_maker(name, level=level, **dict(zip(("rank_low", "rank_high", "tie_group"), ranks[name], strict=True)))
        for name, level in (("svm", 0.85), ("ridge", 0.7), ("coin", 0.49))
    ]
    made += [row_maker("svm", "set/b", 0.9), row_maker("ridge", "set/b", 0.6, domains=("set/a", "set/b", "set/c"))]
    return [*made, row_maker("svm", level=0.8, role="allpass")]


def details_of(row: Row) -> Details:
    from bandbench.leaderboard.page.charts import ROC_GRID
    from bandbench.leaderboard.page.details import row_id

    domains = {test.domain: {"roc": [float(x) for x in ROC_GRID], "reals": [3] * 30, "fakes": [2] * 30} for test in row.tests}
    run = row.run_id
    cell = {"sweep": [[0.05 * i, 0.05 * i + 0.05, 0.6, 0.5, 0.7] for i in range(10)], "allpass": 0.8, "command": "bench run"}
    cell |= {"page": "/#/experiments/1/runs/x", "view": "profile", "parameters": {row.detector: row.detector}}
    detail = {"low": 0.0, "high": 1.0, "domains": domains, "tests": {}, "robustness": []}
    evidence = (EvidenceStretch(0.2, 0.25, True, True),)
    bands = band_transfer(row.train, narrow(row), {test.domain: 0.9 for test in row.tests}, evidence)
    wrong = {"reals": [["real/1", 0.9, dot()]], "fakes": [["fake/" + row.detector, 0.1, dot()]]}
    pictures = {row.tests[0].domain: wrong}
    return Details(
        cells={run: cell}, rows={row_id(row): detail}, bands={run: bands}, mistakes={run: pictures},
        choices={run: Choice(0.75, 12)},
    )  # fmt: skip


def narrow(row: Row, centre: float = 0.2) -> list[NarrowBand]:
    """Ten bands of each kind; the one around `centre` carries the evidence, and nothing is known of the last domain."""
    found = []
    for kind, there, elsewhere in (("band", 0.9, 0.5), ("stop", 0.6, 0.9)):
        for i in range(10):
            low, high = round(0.05 * i, 3), round(0.05 * i + 0.05, 3)
            auc = there if low <= centre < high else elsewhere
            tests = {test.domain: (auc, 0.01) for test in row.tests}
            tests[row.tests[-1].domain] = (math.nan, math.nan)
            found.append(NarrowBand(kind, low, high, (auc, 0.01), tests))
    return found


def dot() -> str:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (96, 96)).save(out, "WEBP")
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def test_marks_stand_beside_rows_and_say_what_they_mean(reader: Callable[..., Reader], row_maker: Maker) -> None:
    unsure = {"in_domain_auc_lo": 0.4, "rank_reason": "nothing learned"}
    shown = reader([row_maker("svm", seeds=5), row_maker("ridge", seeds=5, **unsure), row_maker("once", seeds=1)])
    labels = {row: shown.page.locator(f"#rows tbody tr:has-text('{row}') .mark").all_inner_texts() for row in ("svm", "ridge")}
    assert labels == {"svm": [], "ridge": ["nothing learned"]}
    assert "has learned anything" in str(shown.page.locator("#rows .mark").first.get_attribute("title"))
    notes = shown.page.locator("#notes").inner_text()
    assert "Nothing learned (row ridge ← set/a)" in notes
    assert "One source of reals (all rows)" in notes
    once = shown.page.locator("#rows tbody tr:has-text('once')")
    assert once.locator(".sub", has_text="one draw").count() == 2
    assert shown.page.locator("#ranking").is_hidden()


@pytest.mark.parametrize("width", [400, 1280])
def test_detectors_are_ranked_beside_the_line_of_the_coin(width: int, reader: Callable[..., Reader], rows: list[Row]) -> None:
    train = ("set/a", "set/b")
    coin = (Mark.CONTROL, Mark.LIKE_COIN_FLIP)
    ranking = [
        DetectorPlace(HOSTILE[1], "made", 0.8, 0.7, 0.9, 1, 1, 1, train=train),
        DetectorPlace("ridge", "made", 0.6, 0.45, 0.7, 2, 3, 2, marks=(Mark.LIKE_COIN_FLIP,), train=train),
        DetectorPlace("lbp", "made", 0.6, 0.55, 0.65, 2, 3, 2, train=train),
        DetectorPlace("coin_flip", "made", 0.5, 0.46, 0.54, reason="control", marks=coin, train=train),
        DetectorPlace("lost", "made", reason="not trained on set/b"),
    ]
    shown = reader(rows, Details(ranking=ranking), viewport={"width": width, "height": 900})
    lines = [" ".join(text.split()) for text in shown.page.locator("#ranking tbody tr").all_inner_texts()]
    assert lines[0].startswith("1 ")
    assert lines[1].startswith("2–3 tie 2 ridge like a coin flip 0.600")
    assert "coin_flip the coin's line 0.500" in lines[3]
    assert "lost not trained on set/b" in lines[4]
    assert shown.page.locator("#ranking .track").count() == 4
    assert shown.page.locator("#ranking .coin").count() == 4
    assert shown.no_sideways_scroll()
    shown.page.click("nav a[data-part=ranking]")
    assert "part=ranking" in shown.hash()
    assert "mean over 2 training domains: set/a, set/b" in shown.page.locator("#ranking").inner_text()


def test_a_ranking_over_pools_says_trainings_and_what_is_not_counted(reader: Callable[..., Reader], rows: list[Row]) -> None:
    more = {"train": ("set/a", "set/a & set/b"), "left_out": ("set/a & 10 shots of set/b",)}
    ranking = [
        DetectorPlace("svm", "made", 0.8, 0.7, 0.9, 1, 1, 1, **more),
        DetectorPlace("ridge", "made", 0.6, 0.45, 0.7, 2, 2, 2, nothing_learned_on=("set/a",), **more),
    ]
    text = " ".join(reader(rows, Details(ranking=ranking)).page.locator("#ranking").inner_text().split())
    assert "AUC over the trainings, each of which" in text
    assert "mean over 2 trainings: set/a, set/a & set/b; not counted: 1 training with shots of a target domain" in text
    assert "nothing learned on 1 of 2 trainings" in text
    assert "training domain" not in text


def test_sorting_keeps_sets_apart_until_told(reader: Callable[..., Reader], rows: list[Row]) -> None:
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


def test_filters_search_and_columns_live_in_the_address(reader: Callable[..., Reader], rows: list[Row]) -> None:
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


def test_an_address_from_elsewhere_breaks_nothing(reader: Callable[..., Reader], rows: list[Row]) -> None:
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


def test_heat_map_tells_under_the_pointer_and_the_arrow_keys(reader: Callable[..., Reader], rows: list[Row]) -> None:
    rows[1] = replace(rows[1], tests=rows[1].tests[:2])
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


def test_everything_is_reached_by_keyboard_and_focus_is_seen(reader: Callable[..., Reader], rows: list[Row]) -> None:
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


def test_controls_and_tables_have_names(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows, details_of(rows[0]))
    assert shown.page.evaluate(NAMELESS) == []
    assert shown.page.locator("main, nav, header, footer, h1").count() == 5
    assert shown.page.locator("#rows thead th:not([scope=col])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(reader: Callable[..., Reader], rows: list[Row], scheme: str) -> None:
    rows[2] = replace(rows[2], gaps=("a band",))
    shown = reader(rows, details_of(rows[0]), color_scheme=scheme)
    found = shown.page.evaluate(CONTRAST)
    assert found["n"] > 150
    assert found["poor"] == []
    shown.page.locator("#rows .link").first.click()
    found = shown.page.evaluate(CONTRAST)
    assert found["n"] > 50
    assert found["poor"] == []


def test_the_switch_overrules_the_system(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows, color_scheme="light")
    back = "getComputedStyle(document.body).backgroundColor"
    assert shown.page.evaluate(back) == "rgb(255, 255, 255)"
    shown.page.click("#theme")
    assert shown.page.evaluate(back) == "rgb(255, 255, 255)"
    shown.page.click("#theme")
    assert shown.page.evaluate(back) != "rgb(255, 255, 255)"
    assert shown.page.locator("#theme").inner_text() == "Theme: dark"


def test_a_telephone_scrolls_the_table_and_not_the_page(reader: Callable[..., Reader], rows: list[Row]) -> None:
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


def test_no_chart_lies_on_two_pages_and_every_map_has_its_scale(
    reader: Callable[..., Reader], row_maker: Maker, tmp_path: Path
) -> None:
    """Charts, maps and their scales are kept whole; what stands before them stays with them."""
    made = [row_maker(f"d{i}", train) for i in range(9) for train in ("set/a", "set/b")]
    details = details_of(made[0])
    details.bands |= details_of(made[2]).bands
    shown = reader(made, details)
    shown.page.emulate_media(media="print")
    shown.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    style = "(nodes, name) => [...new Set(nodes.map(node => getComputedStyle(node)[name]))]"
    for whole in (".heat", ".band-part", "#bands figure", "#pareto"):
        assert shown.page.locator(whole).evaluate_all(style, "breakInside") == ["avoid"], whole
    for before in ("#maps h2", "#maps > p", "#bands h4", "#bands .scale", "#frontier > p"):
        assert shown.page.locator(before).evaluate_all(style, "breakAfter") == ["avoid"], before
    assert shown.page.locator(".heat .scale:visible").count() == shown.page.locator(".heat").count() == 3
    assert shown.page.locator(".band-part .scale:visible").count() == shown.page.locator(".band-part").count() == 4
    assert shown.page.locator("#scale").is_hidden()
    assert shown.page.locator(".save:visible").count() == 0
    widths = "nodes => nodes.map(n => [n.id, ...[n.querySelector('svg'), n].map(one => one.getBoundingClientRect().width)])"
    found = shown.page.locator(".js-plotly-plot").evaluate_all(widths)
    assert [one for one in found if one[1] > one[2] + 1] == []
    shown.page.evaluate("dispatchEvent(new Event('afterprint'))")
    shown.page.emulate_media(media="screen")
    assert shown.page.locator(".heat .scale:visible").count() == 0


def test_a_row_has_its_own_address_and_curves(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows, details_of(rows[0]), "https://mlflow.example")
    shown.page.locator("#rows .link").first.click()
    text = shown.page.locator("#detail").inner_text()
    assert "bench run" in text
    assert shown.page.locator("#detail .js-plotly-plot").count() == 6  # ROC, DET, scores of three domains, the sweep
    link = shown.page.locator("#detail a[href^=https]").get_attribute("href")
    assert link == "https://mlflow.example/#/experiments/1/runs/x"
    shown.open(shown.hash())
    assert shown.page.locator("#detail").inner_text() == text
    shown.page.click("#back")
    assert shown.page.locator("#board").is_visible()
    shown.page.locator("#rows .link").nth(1).click()
    assert "Not in this page" in shown.page.locator("#detail").inner_text()


def test_downloads_hold_the_rows_that_are_shown(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows)
    shown.page.select_option("#detector", "svm")
    lines = list(csv.DictReader(io.StringIO(shown.downloaded("csv"))))
    assert [(line["detector"], line["train"], line["set"]) for line in lines] == [("svm", "set/a", "A"), ("svm", "set/b", "B")]
    assert float(lines[0]["cross_domain_auc"]) == pytest.approx(0.85)
    told = json.loads(shown.downloaded("json"))
    assert [test["domain"] for test in told["rows"][0]["tests"]] == ["set/a", "set/b", "set/c"]


def test_a_metric_of_the_table_is_shown_by_the_page(
    reader: Callable[..., Reader], row_maker: Maker, test_maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the table, its downloads and the row's own page: its scripts have no list of columns."""
    metric = columns.Metric(
        name="share_of_fakes", heading="share\nof fakes", meaning="Share of the test pictures that are fake.",
        unit=columns.Unit.SHARE, latex="fakes", measure=lambda verdicts: 0.25, board=True,
    )  # fmt: skip
    monkeypatch.setattr(columns, "METRICS", (*columns.METRICS, metric))
    known = {"share_of_fakes": 0.25}
    tests = [test_maker(name, auc, metrics=known) for name, auc in (("set/a", 0.9), ("set/b", 0.8), ("set/c", 0.8))]
    row = row_maker(metrics=known, tests=tests)
    shown = reader([row, row_maker("b", level=0.7)], details_of(row))
    assert "share\nof fakes" in shown.page.locator("#rows thead button").all_inner_texts()
    assert "25.0 %" in " ".join(shown.page.locator("#rows tbody").all_inner_texts())
    (line, other) = csv.DictReader(io.StringIO(shown.downloaded("csv")))
    assert (line["share_of_fakes"], other["share_of_fakes"]) == ("0.25", "")
    assert json.loads(shown.downloaded("json"))["rows"][0]["share_of_fakes"] == 0.25
    latex = shown.downloaded("tex")
    assert "gain & fakes" in latex and "25.0 \\%" in latex
    shown.page.locator("#rows .link").first.click()
    assert "share of fakes" in " ".join(shown.page.locator("#detail th").all_inner_texts()).replace("\n", " ")


def test_latex_is_bold_only_where_nobody_is_tied(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows)
    text = shown.downloaded("tex")
    assert text.count("\\textbf{") == 1
    assert "\\textbf{0.850}" in text
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == text.count("\\toprule") == 1
    tied = [replace(row, standing=Standing(1, 3, 1)) for row in rows[:3]]
    assert "\\textbf{" not in reader([*tied, *rows[3:]]).downloaded("tex")
    alone = [replace(row, standing=None) for row in rows]
    assert "\\textbf{" not in reader(alone).downloaded("tex")


def test_latex_bolds_nothing_below_chance(reader: Callable[..., Reader], rows: list[Row]) -> None:
    rows[0] = replace(rows[0], cross_domain_auc=0.49, worst_auc=0.45)
    assert "\\textbf{" not in reader(rows).downloaded("tex")


NAMES = ("spectral_logreg/faithful", "clip_probe/ViT-L-14-quickgelu", "[1pt]_50%_&_$x$_^_~_\\_#_{")
PAPER = "\\documentclass{article}\\usepackage{array,booktabs,graphicx}\\begin{document}\\hfuzz=0pt\n%s\\end{document}"


@pytest.mark.parametrize("form", ["tex", "matrix"])
def test_latex_fits_a_page(form: str, reader: Callable[..., Reader], row_maker: Maker, tmp_path: Path) -> None:
    """Typeset in LaTeX's own, narrow page: no line and no float is too large."""
    program = shutil.which("pdflatex")
    if program is None or subprocess.run(["kpsewhich", "booktabs.sty"], stdout=subprocess.DEVNULL).returncode:
        missing_program("pdflatex with booktabs", "apt-get install texlive-latex-recommended")
    domains = [f"procedural/a_long_variant_{i}@c23" for i in range(8)]
    made = [
        row_maker(name, train, 0.6, domains=domains, rank_low=1, rank_high=3, tie_group=1)
        for name in NAMES
        for train in domains
    ]
    text = reader(made).downloaded(form)
    assert text.count("\\caption{") == text.count("\\toprule") == text.count("\\begin{tabular}") > 1
    assert "95\\,\\% interval" in text
    (tmp_path / "paper.tex").write_text(PAPER % text, encoding="utf-8")
    done = subprocess.run(
        [program, "-interaction=nonstopmode", "paper.tex"], cwd=tmp_path, capture_output=True, text=True, errors="replace"
    )
    log = (tmp_path / "paper.log").read_text(errors="replace")
    assert re.findall(r"^!.*|^.*(?:Overfull|too large).*", log, re.MULTILINE) == []
    assert done.returncode == 0


def test_latex_has_a_train_by_test_table(reader: Callable[..., Reader], rows: list[Row]) -> None:
    text = reader(rows).downloaded("matrix")
    assert "\\rotatebox{90}" in text
    assert "\\textit{0.950} & 0.850 & 0.850" in text
    assert ".930--.970" in text
    assert "$n$ & 200 & 200 & 200" in text


def test_charts_are_saved_as_svg_in_the_light(reader: Callable[..., Reader], rows: list[Row]) -> None:
    rows = [replace(row, score_ms=0.1 * (i + 1)) for i, row in enumerate(rows)]
    shown = reader(rows, details_of(rows[0]), color_scheme="dark")
    for place in ("#save-cost", "#bands"):
        with shown.page.expect_download() as waiting:
            shown.page.locator(f"{place} .save").first.click()
        assert waiting.value.suggested_filename.endswith(".svg")
        text = Path(waiting.value.path()).read_text(encoding="utf-8")
        assert text.startswith("<svg")
        assert "rgb(25, 29, 34)" in text  # ink on light
        assert "rgb(230, 233, 237)" not in text
        sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)]
        assert min(sizes) * 3.3 * 72 / 440 >= 7  # points in a column of 3.3 inches; the chart is 440 pixels wide
    assert shown.page.evaluate("document.documentElement.dataset.theme ?? ''") == ""


def test_every_point_of_the_cost_chart_has_a_name(reader: Callable[..., Reader], row_maker: Maker) -> None:
    """Decoding takes all of them the same; what the detector takes tells them apart."""
    made = [
        row_maker(f"detector_{i}", level=0.5 + 0.03 * (i % 7), ms_per_picture=18.7, score_ms=0.01 * 1.4**i) for i in range(12)
    ]
    for width in (1400, 390):
        shown = reader(made, viewport={"width": width, "height": 900})
        names = shown.page.locator("#pareto .annotation-text")
        told = [name.strip("\u2068\u2069") for name in names.all_text_contents()]
        assert sorted(told) == sorted(row.detector for row in made)
        corners = "nodes => nodes.map(n => n.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])"
        boxes = names.evaluate_all(corners)
        pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
        assert [(a, b) for a, b in pairs if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]] == []
        marks = [box[0] for box in shown.page.locator("#pareto .points path").evaluate_all(corners)]
        chart = shown.page.locator("#pareto").bounding_box()
        assert chart is not None
        assert max(marks) - min(marks) > 0.5 * chart["width"]
    assert "0.010 ms" in shown.page.locator("#frontier").inner_text()


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


def test_who_is_no_contestant_is_not_on_the_cost_frontier(reader: Callable[..., Reader], row_maker: Maker) -> None:
    control = row_maker("permuted_labels", level=0.55, ms_per_picture=0.1, control=True)
    idle = row_maker("idle", level=0.57, ms_per_picture=0.2, in_domain_auc=0.5, in_domain_auc_lo=0.4)
    shown = reader([control, idle, row_maker("svm", level=0.9, ms_per_picture=5)])
    assert shown.page.locator("#frontier .link").all_inner_texts() == ["svm"]
    alone = reader([control])
    assert "No row is on the frontier" in alone.page.locator("#frontier").inner_text()


def test_band_maps_show_in_domain_and_cross_domain(reader: Callable[..., Reader], rows: list[Row]) -> None:
    details = details_of(rows[0])
    other = details_of(rows[1])
    details.bands |= other.bands
    shown = reader(rows, details)
    maps = shown.page.locator("#bands table.band-map")
    assert maps.count() == 4  # two cells, each band kept alone and removed
    assert shown.page.locator("#bands .js-plotly-plot").count() == 4
    assert maps.first.locator("tbody th .name").all_inner_texts() == ["set/a", "set/b", "set/c"]
    assert maps.first.locator("tbody tr").first.locator("th").inner_text().endswith("in-domain")
    assert (
        "0.200–0.250 cycles/pixel carries evidence, and all of it is necessary"
        in shown.page.locator(".band-words").first.inner_text()
    )
    tip, tiles = shown.page.locator("#tip"), maps.first.locator("tbody tr").first.locator("td")
    tiles.nth(4).hover()
    assert tip.inner_text() == "set/a\n0.200–0.250 cycles/pixel kept\nAUC 0.900 (0.880–0.920)"
    tiles.nth(3).focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowDown")
    shown.page.keyboard.press("ArrowDown")
    assert tip.inner_text() == "set/c\n0.200–0.250 cycles/pixel kept\nnot measured"
    assert shown.page.evaluate("document.activeElement.getAttribute('aria-label')") == tip.inner_text().replace("\n", ", ")
    taken = maps.nth(1).locator("tbody tr").first.locator("td").nth(4)
    assert "−0.300 relative to all frequencies (0.900)" in str(taken.get_attribute("data-about"))
    colours = "cells => cells.map(cell => getComputedStyle(cell).backgroundColor)"
    assert len(set(tiles.evaluate_all(colours))) == 2


def test_band_maps_lie_on_a_real_axis_and_are_chosen_by_address(reader: Callable[..., Reader], rows: list[Row]) -> None:
    details = details_of(rows[0])
    details.bands |= details_of(rows[1]).bands
    shown = reader(rows, details)
    middle = "node => { const box = node.getBoundingClientRect(); return box.left + box.width / 2; }"
    tile = shown.page.locator("#bands table.band-map").first.locator("tbody tr").first.locator("td").nth(5)
    ticks = [shown.page.locator(".band-axis").first.locator("span").nth(i).evaluate(middle) for i in (1, 2, 3)]
    centre = (ticks[2] - ticks[1]) * 0.75 + ticks[1]  # band 0.25 to 0.30, ticks at 0.1, 0.2 and 0.3
    assert tile.evaluate(middle) == pytest.approx(centre, abs=1.5)
    shown.page.select_option("#cell", rows[1].run_id)
    shown.page.select_option("#cell2", "none")
    assert shown.page.locator("#bands h3").first.inner_text().startswith("ridge ← set/a")
    text = shown.page.locator("#bands").inner_text()
    shown.open(shown.hash())
    assert shown.page.locator("#bands").inner_text() == text


def test_without_narrow_bands_the_page_says_how_to_get_them(reader: Callable[..., Reader], rows: list[Row]) -> None:
    section = reader(rows).page.locator("#bands")
    assert "bench run --study band_transfer" in section.inner_text()
    assert section.locator("select").first.is_hidden()


def test_submitted_rows_wear_a_badge_and_can_be_sorted_out(
    reader: Callable[..., Reader], rows: list[Row], row_maker: Maker
) -> None:
    notes = ["<b>12 ids are not known</b>", "x" * 3000]
    told = SubmissionFacts(
        "theirs", authors=HOSTILE[1], url="javascript:window.hurt=1", notes=tuple(notes), summary=tuple(notes)
    )
    common = {"source": "submitted", "submission": told, "ms_per_picture": float("nan")}
    made = [row_maker(f"from {i}", run_id=f"submission:{i}", verified=bool(i), **common) for i in range(2)]
    shown = reader([*rows, *made])
    assert shown.page.locator("#rows .badge").all_inner_texts() == ["submitted", "submitted, verified"]
    shown.page.select_option("#origin", "verified")
    assert shown.detectors() == ["from 1"]
    shown.open(shown.hash())
    assert shown.detectors() == ["from 1"]
    assert [line["origin"] for line in csv.DictReader(io.StringIO(shown.downloaded("csv")))] == ["submitted, verified"]
    shown.page.locator("#rows .link").first.click()
    detail = shown.page.locator("#detail")
    assert "<b>12 ids are not known</b>" in detail.inner_text()
    assert HOSTILE[1] in detail.inner_text()
    assert detail.locator("b, img, a[href^=javascript]").count() == 0
    assert shown.page.locator("#origin-choice").count() == 1
    assert reader(rows).page.locator("#origin-choice").is_hidden()


def test_mistakes_have_names_scores_and_a_reason_where_there_are_none(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows, details_of(rows[0]))
    shown.page.locator("#rows .link").first.click()
    pictures = shown.page.locator(".mistakes img")
    assert pictures.count() == 2
    assert all(pictures.evaluate_all("images => images.map(image => image.complete && image.naturalWidth === 96)"))
    assert pictures.first.get_attribute("alt") == "real picture real/1, score 0.900"
    assert "No pictures of set/b, set/c" in shown.page.locator("#detail").inner_text()
    shown.page.click("#back")
    shown.page.locator("#columns-menu summary").click()
    shown.page.check("#columns input[data-column=left_out]")
    shown.page.check("#columns input[data-column=left_out_gap]")
    assert "of 12 bands" in shown.page.locator("#rows").inner_text()
    assert "−0.100" in shown.page.locator("#rows").inner_text()


def test_a_browser_that_cannot_unpack_says_so(browser: Any, tmp_path: Path, rows: list[Row]) -> None:
    path = tmp_path / "page.html"
    path.write_text(make_page(Board("made", rows, []), Details()), encoding="utf-8")
    for options, why in (({}, "DecompressionStream"), ({"java_script_enabled": False}, "need scripts")):
        page = browser.new_page(**options)
        page.add_init_script("delete globalThis.DecompressionStream")
        page.goto(path.as_uri())
        assert why in page.locator("#plain").inner_text()
        assert page.locator("#plain tbody tr").count() == 5
        assert page.locator("main").is_hidden()
        page.close()


@pytest.mark.parametrize("width", [360, 1400])
def test_hostile_names_stay_text(reader: Callable[..., Reader], row_maker: Maker, test_maker: Maker, width: int) -> None:
    made = []
    for name in HOSTILE:
        about = {"study": name, "worst_domain": name, "gaps": [name], "rank_low": None, "rank_reason": name}
        made.append(row_maker(name, name, tests=[test_maker(name, 0.9), test_maker("set/b", 0.8)], **about))
    details = details_of(made[0])
    details.cells = {row.run_id: {**details.cells[made[0].run_id], "parameters": {row.detector: row.detector}} for row in made}
    shown = reader(made, details, viewport={"width": width, "height": 900})
    shown.page.wait_for_timeout(100)
    assert shown.no_sideways_scroll()
    texts = [text.strip() for text in shown.page.locator("#rows .link").all_text_contents()]
    assert set(texts) == {name if len(name) < 400 else name[:399] + "…" for name in HOSTILE}
    assert shown.page.locator("#rows img, #rows b, #heat b, #heat img, #bands b, #bands img, svg a[href], svg b").count() == 0
    drawn = "".join(shown.page.locator("#pareto text").all_text_contents())
    assert "<b>bold</b> &lt;i&gt;" in drawn
    for form in ("csv", "json", "tex"):
        assert len(shown.downloaded(form)) > 1000
    assert all(not line["detector"].startswith("=") for line in csv.DictReader(io.StringIO(shown.downloaded("csv"))))
    for i in range(len(HOSTILE)):
        shown.page.locator("#rows .link").nth(i).click()
        assert shown.no_sideways_scroll()
        assert shown.page.locator("#detail img:not(.mistakes img), #detail b").count() == 0
        shown.page.click("#back")


def test_the_map_of_reals_frames_the_leader_of_each_source(reader: Callable[..., Reader], rows: list[Row]) -> None:
    def with_reals(row: Row, *aucs: float) -> Row:
        named = zip(("set", HOSTILE[1]), aucs, strict=True)
        stored = Shortcut(1.0, 0.9, 1.0, "format", ("JPEG 75", "PNG"))
        audits = (None, stored)  # the reals of the second source are stored in another way
        results = tuple(
            RealsResult(name, auc, auc - 0.1, auc, 50, 0.25, shortcut=audit)
            for (name, auc), audit in zip(named, audits, strict=True)
        )
        tests = tuple(replace(test, auc=aucs[0], by_reals=results) for test in row.tests)
        return replace(row, tests=tests, reals_spread=abs(aucs[0] - aucs[1]), worst_reals=HOSTILE[1])

    shown = reader([with_reals(rows[0], 0.96, 0.526), with_reals(rows[1], 0.844, 0.764), rows[2]])
    cells = shown.page.locator("#reals-maps tbody tr")
    assert [cell.split() for cell in cells.all_inner_texts()] == [["svm", "0.96", "0.53"], ["ridge", "0.84", "0.76"]]
    assert shown.page.locator("#reals-maps td.home").all_inner_texts() == ["0.96", "0.76"]
    shown.page.locator("#reals-maps tbody td").first.hover()
    shown.until("#tip", r"svm\s+all domains against reals of set\s+mean AUC 0\.960")
    shown.page.locator("#rows .link").first.click()
    detail = shown.page.locator("#detail")
    assert "0.434, lowest AUC with <img" in detail.locator("dl.facts").first.inner_text()
    heat = detail.locator(".heat tbody tr")
    assert heat.count() == 3
    assert [cell.strip() for cell in heat.first.locator("td").all_inner_texts()] == ["0.96", "0.53 †"]
    assert "† marks a shortcut" in detail.inner_text()
    heat.first.locator("td").nth(1).hover()
    shown.until("#tip", r"shortcut: The fakes of .* differ in format: JPEG 75 \(real\) against PNG \(fake\)")
    shown.until("#tip", r"AUC 0\.526 \(0\.426–0\.526\)\s*50 reals, false alarms at the in-domain threshold: 25\.0 %")
    assert shown.no_sideways_scroll()


def test_a_page_without_sources_of_reals_has_no_part_about_them(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows)
    assert shown.page.locator(".with-reals:visible").count() == 0
    assert shown.page.locator("#rows button[data-column=reals_spread]").count() == 0


@pytest.mark.parametrize("width", [400, 1280])
def test_the_part_about_carriers_has_a_line_and_sentences_per_detector(
    reader: Callable[..., Reader], rows: list[Row], width: int
) -> None:
    on_its_own = replace(rows[0], carriers=(carrier_result(rows[0].train), carrier_result(HOSTILE[1])))
    shown = reader([on_its_own, *rows[1:]], viewport={"width": width, "height": 900})
    shown.page.click("nav a[data-part=carriers]")
    part = shown.page.locator("#carriers")
    assert part.locator("tbody td").all_inner_texts() == ["0.90", "0.85", "0.55", "0.52", "0.86", "0.50", "0.83"]
    assert "lives on the peaks of period 8: 0.90 (0.80-1.00) with, 0.55 (0.45-0.65) without." in part.locator("li").inner_text()
    assert "1 line on other domains" in part.inner_text()
    part.locator("tbody td").nth(2).hover()
    shown.until("#tip", r"anticomb 8\s+AUC 0\.550 \(0\.450–0\.650\)")
    assert shown.no_sideways_scroll()


def test_a_page_without_carriers_has_no_part_about_them(reader: Callable[..., Reader], rows: list[Row]) -> None:
    assert reader(rows).page.locator(".with-carriers:visible").count() == 0


def test_the_story_stands_first_and_leads_to_its_rows(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader([replace(row, seeds=5) for row in rows])
    story = shown.page.locator("#story")
    assert story.get_attribute("data-scope") == "all"
    assert story.bounding_box()["y"] < shown.page.locator("#table").bounding_box()["y"]
    leader = story.locator("li[data-topic=leader]")
    assert leader.inner_text().startswith("svm, trained on set/a, leads the 3 ranked rows with the same test pictures: ")
    for figure in story.locator("[data-row][data-column$=cross_domain_auc]").all():
        row = shown.page.locator(f"#rows tr[data-row='{figure.get_attribute('data-row')}']")
        assert figure.inner_text() in row.inner_text()
    leader.locator("a").first.click()
    shown.until("#detail-title", "^svm$")
    assert story.is_hidden()
    shown.page.click("#back")
    assert story.is_visible()


@pytest.mark.parametrize("width", [390, 1400])
def test_names_in_the_story_are_text_and_fit(width: int, reader: Callable[..., Reader], row_maker: Maker) -> None:
    made = [row_maker(name, name, seeds=5, worst_domain=name, cell=str(i)) for i, name in enumerate(HOSTILE)]
    shown = reader(made, viewport={"width": width, "height": 900})
    assert shown.page.locator("#story li").count() >= 3
    assert shown.page.locator("#story b").count() == 0
    assert shown.no_sideways_scroll()


def test_generators_stand_at_their_dates(reader: Callable[..., Reader], row_maker: Maker) -> None:
    released = {"set/a": "2019", "set/b": "2020-03", "set/c": "2021-05-07"}
    later = {"later_auc": 0.8, "later_auc_lo": 0.78, "later_auc_hi": 0.82}
    undated = {"later_reason": "training_undated"}
    of_other = row_maker("svm", "set/c", domains=("set/a", "set/c", "set/d"), released={"set/a": "2019"}, **undated)
    shown = reader([row_maker("svm", released=released, **later), of_other])
    shown.page.wait_for_selector("#time-chart .errorbars", state="attached")
    x = shown.page.evaluate("document.getElementById('time-chart').data.map(trace => trace.x)")
    assert x == [["2019-01-01", "2020-03-01", "2021-05-07"]]
    lines = shown.page.evaluate("document.getElementById('time-chart').layout.shapes.map(shape => shape.x0)")
    assert lines[-1] == "2019-12-31"
    assert "0.800" in shown.page.locator("#time-table").inner_text()
    head = shown.page.locator("#rows thead button[data-column=later_auc]")
    assert head.inner_text().startswith("later\ngenerators")
    reason = shown.page.locator("#rows tbody .none[title='The release date of a training domain is unknown.']")
    assert reason.count() == 1
    shown.page.select_option("#time-train", "set/c")
    assert "time=set%2Fc" in shown.hash()
    assert shown.page.locator("#time-left-out").inner_text() == "Not in the chart, as no release date is known: set/d."
    shown.page.locator("#rows .link").first.click()
    detail = shown.page.locator("#detail").inner_text()
    assert "generator of 2020-03" in detail
    assert "generators that came out after all of the training ones" in detail


def test_without_dates_nothing_is_said_of_time(reader: Callable[..., Reader], rows: list[Row]) -> None:
    shown = reader(rows)
    assert shown.page.locator("#time").is_hidden()
    assert shown.page.locator("nav a[data-part=time]").is_hidden()
    assert shown.page.locator("#rows thead button[data-column=later_auc]").count() == 0


def test_published_numbers_stand_beside_measured_ones(reader: Callable[..., Reader], row_maker: Maker) -> None:
    published = [
        Reported(0.79, "auc", "set/b", HOSTILE[0], HowKnown.READ),
        Reported(0.95, "auc", "set/c", "A paper", HowKnown.SECOND_HAND),
        Reported(0.9, "accuracy", "set/b", "A paper", HowKnown.MEMORY, HOSTILE[1]),
    ]
    row = row_maker("svm", band=ALL_PASS)
    shown = reader([replace(row, reported=compared(published, row))])
    assert json.loads(shown.downloaded("json"))["rows"][0]["reported"][0]["holds"] is True
    shown.page.keyboard.press("Escape")
    shown.page.locator("#rows .link").first.click()
    lines = shown.page.locator("#detail div[aria-label='Reported beside measured'] tbody tr").all_inner_texts()
    texts = [" ".join(line.split()) for line in lines]
    assert texts[0].startswith("auc set/b 0.790 0.800 0.780–0.820 +0.010 the interval holds it ")
    assert texts[1].startswith("auc set/c 0.950 0.800 0.780–0.820 −0.150 the interval does not hold it A paper (second-hand)")
    assert texts[2].startswith("accuracy set/b 0.900 ")
    assert "balanced accuracy is another number" in texts[2]
    assert "from memory, to be confirmed" in texts[2]


def test_scores_behind_a_row_lie_beside_the_page_or_at_the_end_of_a_command(
    reader: Callable[..., Reader], row_maker: Maker, tmp_path: Path
) -> None:
    row = row_maker("svm")
    plain = reader([row])
    plain.page.locator("#rows .link").first.click()
    assert f"bench leaderboard --scores {row.id} scores.parquet" in plain.page.locator("#detail").inner_text()
    folder = tmp_path / "the page-scores"
    folder.mkdir()
    (folder / f"{row.id}.parquet").write_bytes(bytes(range(256)))
    beside = reader([row], Details(files={row.id: ("scores/a.parquet",)}, scores_folder=folder.name))
    beside.page.locator("#rows .link").first.click()
    with beside.page.expect_download() as waiting:
        beside.page.get_by_role("link", name="Scores of this row").click()
    assert Path(waiting.value.path()).read_bytes() == bytes(range(256))
    beside.requests.clear()  # the file itself


def test_scores_of_a_run_are_linked_on_its_server(reader: Callable[..., Reader], row_maker: Maker) -> None:
    row = row_maker("svm", run_id="abc")
    shown = reader([row], Details(files={row.id: ("scores/0.parquet", "scores/1.parquet")}), "http://tracking:5000/")
    shown.page.locator("#rows .link").first.click()
    links = shown.page.locator("#detail a[href*=get-artifact]")
    assert links.all_inner_texts() == ["draw 1", "draw 2"]
    assert links.first.get_attribute("href") == "http://tracking:5000/get-artifact?path=scores%2F0.parquet&run_uuid=abc"
