"""Chosen test domains and reals on the page: what Chromium computes for them is what Python computes for them."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_boards import CHOSEN, DOMAINS, MadeBoard, made_board

from bandbench.benchmark.metrics.clips import ClipRule, clip_scores
from bandbench.benchmark.metrics.delong import GroupCodes
from bandbench.benchmark.metrics.intervals import Intervals, auc_interval_of, difference_interval, same_scores, worst_interval
from bandbench.benchmark.metrics.replicates import Replicates, auc_replicates, mean_of
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.columns import ERROR_RATES
from bandbench.benchmark.results.marks import Mark, Shortcut, marks_of
from bandbench.benchmark.results.rates import error_rates
from bandbench.benchmark.results.reals import against as set_against
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.scores import by_domain, read_scores
from bandbench.leaderboard.page.details import Details, read_details, row_id
from bandbench.leaderboard.page.influences import InfluenceWriter, read_influences
from bandbench.leaderboard.page.rates import RateWriter
from bandbench.leaderboard.ranking.detectors import detector_ranking
from bandbench.leaderboard.ranking.entrants import RowScores
from bandbench.leaderboard.ranking.later import with_later_auc
from bandbench.leaderboard.ranking.reals import leading_sources, with_reals_ranks
from bandbench.leaderboard.ranking.standings import standings
from bandbench.leaderboard.transfer.choices import choice_gaps

# Influences are integers of 16 bits, so that a bound moves by less than the page shows; AUCs are those of Python.
BOUND = 2e-5
RATE_BOUND = 1e-3
EXACT = 1e-12

Reader = Any


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> MadeBoard:
    return made_board(tmp_path_factory.mktemp("board"), n=4, lbp=3)


def scores_of(board: MadeBoard, row: Row, source: str = "") -> dict[str, list[Scored]]:
    folder = board.folders[row.run_id]
    draws = [read_scores(folder / file) for file in read_cell(folder).files_of(row)]
    tests = {name: [entry.scored for entry in each] for name, each in by_domain(draws, "test").items()}
    if not source:
        return tests
    reals = [entry.scored for entry in by_domain(draws, "reals")[source]]
    return {name: [set_against(*pair) for pair in zip(each, reals, strict=True)] for name, each in tests.items()}


def replicates(tests: Mapping[str, Sequence[Scored]], names: Sequence[str], codes: GroupCodes) -> list[Replicates]:
    return [auc_replicates(tests[name], codes) for name in names]


def expected(board: MadeBoard, row: Row, domains: Sequence[str], source: str = "") -> dict[str, float | str | None]:
    """Numbers of a row over some of its test domains, as `results.cell_rows` computes those of all."""
    tests = scores_of(board, row, source)
    allpass = scores_of(board, replace(row, role="allpass", band=type(CHOSEN)()), source)
    codes = GroupCodes(np.unique(np.concatenate([one.groups for each in tests.values() for one in each])))
    home = [name for name in domains if name == row.train]
    abroad = [name for name in domains if name != row.train]
    found: dict[str, Any] = {}

    def put(name: str, interval: Any) -> None:
        found.update(zip((name, f"{name}_lo", f"{name}_hi"), (interval.value, interval.low, interval.high), strict=True))

    if home:
        put("in_domain_auc", auc_interval_of(mean_of(replicates(tests, home, codes)), row.train_overlap))
    headline = abroad or home
    if abroad:
        parts = replicates(tests, abroad, codes)
        put("cross_domain_auc", auc_interval_of(mean_of(parts), row.train_overlap))
        put("worst_auc", worst_interval(parts, row.train_overlap))
        found["worst_domain"] = min(abroad, key=lambda name: parts[abroad.index(name)].value)
    pair = [mean_of(replicates(each, headline, codes)) for each in (tests, allpass)]
    unchanged = all(same_scores(tests[name], allpass[name]) for name in headline)
    put("gain", difference_interval(pair[0], pair[1], row.train_overlap, unchanged))
    if row.seeds > 1:
        found["draw_sd"] = float(pair[0].values.std(ddof=1))
    intervals = Intervals([each[0] for each in all_scores(board, row, source).values()], 50, row.train_overlap)
    for name in ERROR_RATES:
        put(name, intervals.share(mean_of([error_rates(intervals, tests[domain])[name] for domain in headline])))
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in found.items()}


def all_scores(board: MadeBoard, row: Row, source: str = "") -> dict[str, list[Scored]]:
    """Everything that the bootstrap of a row draws groups of: its test domains, and where it has several, sources of reals."""
    folder = board.folders[row.run_id]
    draws = [read_scores(folder / file) for file in read_cell(folder).files_of(row)]
    splits = ("test", "reals") if source else ("test",)
    return {
        f"{split}{name}": [entry.scored for entry in each] for split in splits for name, each in by_domain(draws, split).items()
    }


def expected_of_everything(board: MadeBoard, row: Row, domains: Sequence[str]) -> dict[str, float | None]:
    """Numbers of cells that have more: clips, the oracle, bands chosen on other domains, and generators with a date."""
    chosen = replace(row, tests=tuple(test for test in row.tests if test.domain in domains))
    folder, found = board.folders[row.run_id], {}
    document = read_cell(folder)
    home, abroad = ([test.domain for test in some] for some in chosen.home_and_abroad())
    headline = abroad or home

    def put(name: str, interval: Any) -> None:
        found.update(zip((name, f"{name}_lo", f"{name}_hi"), (interval.value, interval.low, interval.high), strict=True))

    draws = [read_scores(folder / file) for file in document.files_of(row)]
    pooled = {
        name: [clip_scores(entry.frames, ClipRule.MEAN, math.nan) for entry in each]
        for name, each in by_domain(draws, "test").items()
    }
    for name, some in (("in_domain_clip_auc", home), ("cross_domain_clip_auc", abroad)):
        if some:
            codes = GroupCodes(np.unique(np.concatenate([one.groups for each in pooled.values() for one in each])))
            put(name, auc_interval_of(mean_of([auc_replicates(pooled[domain], codes) for domain in some]), row.train_overlap))
    best = {
        band.domain: [read_scores(folder / file) for file in band.files] for band in document.tested if band.role == "oracle"
    }
    sides = [
        scores_of(board, row),
        {name: [entry.scored for entry in by_domain(read, "test")[name]] for name, read in best.items()},
    ]
    codes = GroupCodes(np.unique(np.concatenate([one.groups for each in sides[0].values() for one in each])))
    own, oracle = [mean_of(replicates(side, headline, codes)) for side in sides]
    unchanged = all(same_scores(*(side[name] for side in sides)) for name in headline)
    put("gap", difference_interval(oracle, own, row.train_overlap, unchanged))
    found["oracle_auc"] = oracle.value
    of_run = [
        replace(one, tests=tuple(t for t in one.tests if t.domain in domains)) for one in board.rows if one.run_id == row.run_id
    ]
    if row.role == "chosen":
        found["left_out"] = choice_gaps(document.narrow, of_run)[0].left_out
    later = with_later_auc(chosen, RowScores(lambda one: board.folders.get(one.run_id)))
    found |= {name: later.value(name) for name in ("later_auc", "later_auc_lo", "later_auc_hi")} | {
        "later_reason": later.later_reason
    }
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in found.items()}


def tolerance(name: str) -> float:
    """Return the largest error of a number on the page: deviations of rates are integers of 8 bits."""
    if not name.endswith(("_lo", "_hi")):
        return EXACT
    return RATE_BOUND if name[:-3] in ERROR_RATES else BOUND


def same(found: Mapping[str, Any], wanted: Mapping[str, Any], least: int) -> None:
    """Check that values are equal and bounds are close, of the numbers that Python has."""
    assert len(wanted) >= least
    for name, value in wanted.items():
        if value is None or isinstance(value, str):
            assert found[name] == value, name
        else:
            assert found[name] == pytest.approx(value, abs=tolerance(name)), name


def computed(shown: Reader, domains: Sequence[str], source: str = "") -> dict[str, Any]:
    address = f"#role=&test={','.join(domains)}" + (f"&against={source}" if source else "")
    shown.open(address)
    return json.loads(shown.downloaded("json"))


def computed_rows(shown: Reader, domains: Sequence[str], source: str = "") -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in computed(shown, domains, source)["rows"]}


@pytest.fixture(scope="module")
def details(board: MadeBoard) -> Details:
    ranking = detector_ranking(board.rows, RowScores(lambda row: board.folders.get(row.run_id)))
    return replace(read_details(board.rows, board.folders), ranking=ranking)


@pytest.fixture
def shown(reader: Callable[..., Reader], board: MadeBoard, details: Details) -> Reader:
    return reader(board.rows, details)


CHOICES = [DOMAINS, ("set/b", "set/c"), ("set/a", "set/d"), ("set/c",)]


@pytest.mark.parametrize("domains", CHOICES, ids=lambda domains: f"{len(domains)}-{domains[0]}")
def test_numbers_of_chosen_test_domains_are_those_of_python(shown: Reader, board: MadeBoard, domains: Sequence[str]) -> None:
    rows = computed_rows(shown, domains)
    for row in board.rows:
        wanted = expected(board, row, domains)
        same(
            rows[row_id(row)],
            {name: wanted[name] for name in wanted if row.role != "allpass" or not name.startswith("gain")},
            4,
        )


@pytest.mark.parametrize("domains", CHOICES, ids=lambda domains: f"{len(domains)}-{domains[0]}")
def test_ranks_of_chosen_test_domains_are_those_of_python(shown: Reader, board: MadeBoard, domains: Sequence[str]) -> None:
    restricted = [replace(row, tests=tuple(t for t in row.tests if t.domain in domains), standing=None) for row in board.rows]
    wanted = standings(restricted, RowScores(lambda row: board.folders.get(row.run_id)))
    rows = computed_rows(shown, domains)
    for row, place in zip(board.rows, wanted, strict=True):
        found = rows[row_id(row)]
        assert [found["rank_low"], found["rank_high"], found["tie_group"]] == [place.rank_low, place.rank_high, place.tie_group]
        assert found["rank_reason"] == place.rank_reason
    assert {place.rank_low for place in wanted} > {1, None}  # some are significantly worse


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[MadeBoard, Details]:
    board = made_board(tmp_path_factory.mktemp("full"), n=2, lbp=3, knn=1, whole=True)
    return board, read_details(board.rows, board.folders)


@pytest.mark.parametrize("domains", CHOICES, ids=lambda domains: f"{len(domains)}-{domains[0]}")
def test_clips_oracle_left_out_bands_and_later_generators_are_those_of_python(
    reader: Callable[..., Reader], full: tuple[MadeBoard, Details], domains: Sequence[str]
) -> None:
    board, details = full
    rows = computed_rows(reader(board.rows, details), domains)
    for row in board.rows:
        wanted = expected_of_everything(board, row, domains)
        if "left_out" in wanted:  # AUCs of narrow bands have 24 bits on the page
            left_out = wanted.pop("left_out")
            assert rows[row_id(row)]["left_out"] == (None if left_out is None else pytest.approx(left_out, abs=1e-7))
        same(rows[row_id(row)], wanted, 8)


def test_the_reason_of_a_missing_later_auc_follows_the_choice(
    reader: Callable[..., Reader], full: tuple[MadeBoard, Details]
) -> None:
    board, details = full
    shown = reader(board.rows, details)
    reasons = {}
    for domains in (("set/a",), ("set/a", "set/b"), ("set/c", "set/d")):
        rows = computed_rows(shown, domains)
        reasons[domains] = {rows[row_id(row)]["later_reason"] for row in board.rows if row.train == "set/b"}
    assert list(reasons.values()) == [{"none_later"}, {"none_later"}, {""}]


@pytest.mark.parametrize("domains", CHOICES[:3], ids=lambda domains: f"{len(domains)}-{domains[0]}")
def test_the_ranking_of_detectors_over_chosen_test_domains_is_that_of_python(
    shown: Reader, board: MadeBoard, domains: Sequence[str]
) -> None:
    restricted = [replace(row, tests=tuple(t for t in row.tests if t.domain in domains)) for row in board.rows]
    wanted = detector_ranking(restricted, RowScores(lambda row: board.folders.get(row.run_id)))
    found = computed(shown, domains)["ranking"]
    assert [place["detector"] for place in found] == [place.detector for place in wanted]
    for mine, place in zip(found, wanted, strict=True):
        assert [mine["rank_low"], mine["rank_high"], mine["tie_group"]] == [place.rank_low, place.rank_high, place.tie_group]
        assert (mine["reason"], mine["marks"], mine["train"]) == (place.reason, [*place.marks], [*place.train])
        assert mine["auc"] == pytest.approx(place.auc, abs=EXACT)
        assert [mine["lo"], mine["hi"]] == pytest.approx([place.lo, place.hi], abs=BOUND)
    assert {place.rank_low for place in wanted} >= {1, None}


def test_all_test_domains_that_are_named_give_the_numbers_of_the_page(shown: Reader) -> None:
    agrees_with_the_page(shown)


def test_pools_and_few_draws_give_the_numbers_of_the_page(reader: Callable[..., Reader], tmp_path: Path) -> None:
    """Of two draws the interval spans those of the single ones, and one draw has no spread."""
    board = made_board(tmp_path / "cells", draws=2, trains=["set/a & set/b"], sources=["other"], knn=1, lbp=5)
    agrees_with_the_page(reader(board.rows, read_details(board.rows, board.folders)))


def agrees_with_the_page(shown: Reader) -> None:
    """Compare what is computed for all test domains with what Python wrote, which has six digits."""
    shown.open("#role=")
    whole = json.loads(shown.downloaded("json"))["rows"]
    rows = computed_rows(shown, DOMAINS)
    names = ("in_domain_auc", "cross_domain_auc", "worst_auc", "gain", "oracle_auc", "coverage", "draw_sd", "reals_spread")
    bounds = [f"{name}_{end}" for name in names[:4] for end in ("lo", "hi")]
    texts = ("set", "set_domains", "worst_domain", "rank_low", "rank_high", "tie_group", "rank_reason", "marks")
    for row in whole:
        found = rows[row["id"]]
        for name in (*names, *bounds):
            wanted = None if row[name] is None else pytest.approx(row[name], abs=BOUND if name in bounds else 1e-6)
            assert found[name] == wanted, name
        assert [found[name] for name in texts] == [row.get(name) for name in texts]  # no rank at all is no field


@pytest.mark.parametrize("domains", [DOMAINS, ("set/b", "set/d")], ids=["all", "two"])
def test_numbers_against_chosen_reals_are_those_of_python(
    reader: Callable[..., Reader], tmp_path: Path, domains: Sequence[str]
) -> None:
    board = made_board(tmp_path / "cells", trains=DOMAINS[:1], sources=("other", "third"))
    shown = reader(board.rows, read_details(board.rows, board.folders))
    rows = computed_rows(shown, domains, "other")
    for row in board.rows:
        same(rows[row_id(row)], expected(board, row, domains, "other"), 4)
        (by_reals,) = {t.auc for test in row.tests if test.domain == "set/b" for t in test.by_reals if t.source == "other"}
        assert next(t["auc"] for t in rows[row_id(row)]["tests"] if t["domain"] == "set/b") == pytest.approx(by_reals, abs=1e-6)
    assert "reals of other" in shown.page.locator("#choice-status").inner_text()
    assert shown.page.input_value("#against") == "other"


def test_a_choice_is_ticked_kept_in_the_address_and_undone(shown: Reader, board: MadeBoard) -> None:
    page = shown.page
    table = page.locator("#rows")
    before = table.inner_text()
    assert page.locator(".of-all").count() == 0
    page.locator("#domains-menu summary").click()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first test domain
    shown.until("#choice-status", "for 3 of 4 test domains: set/b, set/c, set/d")
    page.uncheck("#choice-domains input[data-domain='set/b']")
    shown.until("#choice-status", "for 2 of 4 test domains: set/c, set/d")
    chosen = table.inner_text()
    assert chosen != before
    assert "test=set%2Fc%2Cset%2Fd" in shown.hash()
    shown.open(shown.hash())
    assert table.inner_text() == chosen
    home = page.locator("#rows tbody tr[data-row]").first.locator("td .none").first
    assert home.get_attribute("title") == "the training domain is not among the chosen test domains"
    assert page.locator("#bands > .of-all").count() == 1
    assert page.locator("#ranking > .of-all").count() == 0  # it follows the choice
    page.click("#whole")
    shown.until("#choice-status", "^$")
    assert table.inner_text() == before
    assert page.locator(".of-all").count() == 0
    page.go_back()
    shown.until("#choice-status", "for 2 of 4")
    assert table.inner_text() == chosen


def test_the_last_ticked_test_domain_stays_ticked_and_the_pop_up_says_why(shown: Reader) -> None:
    page = shown.page
    said = page.locator("#domains-menu #last-domain")
    ticked = page.locator("#choice-domains input:checked")
    page.click("#domains-menu summary")
    for left, domain in zip((3, 2, 1), DOMAINS, strict=False):
        page.uncheck(f"#choice-domains input[data-domain='{domain}']")
        shown.until("#choice-status", f"for {left} of 4 test domains")
        assert said.inner_text() == ""
    table = page.locator("#rows").inner_text()
    page.click(f"#choice-domains input[data-domain='{DOMAINS[3]}']")
    assert ticked.evaluate_all("all => all.map((box) => box.dataset.domain)") == [DOMAINS[3]]
    assert "numbers need one at least" in said.inner_text()
    middle = "note => { const r = note.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }"
    at_its_middle = f"note => document.elementFromPoint(...({middle})(note)) === note"
    page.wait_for_function(at_its_middle, arg=said.element_handle())  # scrolled to, and nothing covers it
    assert page.locator("#choice-count").inner_text() == "1 of 4"
    assert "test=set%2Fd" in shown.hash()
    assert page.locator("#rows").inner_text() == table
    page.check(f"#choice-domains input[data-domain='{DOMAINS[1]}']")
    shown.until("#choice-status", "for 2 of 4 test domains: set/b, set/d")
    assert said.inner_text() == ""
    page.click("#first-domain")
    shown.until("#choice-status", "for 1 of 4 test domains: set/a")
    assert ticked.evaluate_all("all => all.map((box) => box.dataset.domain)") == [DOMAINS[0]]


def test_a_part_of_the_address_that_is_given_twice_is_taken_twice(shown: Reader) -> None:
    shown.open("#test=set/c&test=set/b&hide=gain&hide=worst_auc")
    assert "for 2 of 4 test domains: set/b, set/c" in shown.page.locator("#choice-status").inner_text()
    heads = shown.page.locator("#rows thead button").evaluate_all("all => all.map((one) => one.dataset.column)")
    assert not {"gain", "worst_auc"} & set(heads)
    assert shown.page.locator("#strangers").is_hidden()
    shown.open("#detector=svm&detector=knn&detector=svm")  # takes one value
    assert shown.page.input_value("#detector") == "svm"
    assert shown.page.locator("#strangers").inner_text().endswith("changes nothing: detector=knn.")


def test_a_number_that_is_missing_says_why(reader: Callable[..., Reader], tmp_path: Path) -> None:
    board = made_board(tmp_path / "cells", trains=DOMAINS[:1], sources=("other",))
    shown = reader(board.rows, replace(read_details(board.rows, board.folders), rates=""))
    reasons = {
        "#test=set/c&show=pd10": "its score files were not read, or this page has no room for them",
        "#against=other&show=pd10": "its score files were not read, or this page has no room for them",
        "#against=other&show=coverage": "this page has it for the reals of the test domain alone",
    }
    for address, reason in reasons.items():
        shown.open(address)
        heads = shown.page.locator("#rows thead button").evaluate_all("all => all.map((one) => one.dataset.column)")
        cell = shown.page.locator("#rows tbody tr[data-row]").first.locator("td, th").nth(heads.index(address.split("=")[-1]))
        assert cell.locator(".none").get_attribute("title") == reason


def test_parts_below_the_table_follow_the_choice(reader: Callable[..., Reader], full: tuple[MadeBoard, Details]) -> None:
    board, details = full
    shown = reader(board.rows, details)
    domains = "#band-maps .band-map tbody tr th"
    assert shown.page.locator("#band-maps .band-cell").first.locator("tbody th").count() == 4
    shown.open("#test=set/b,set/c&cell2=none")
    row = next(row for row in board.rows if row.run_id == shown.page.input_value("#cell"))
    names = [text.split("\n")[0] for text in shown.page.locator(domains).all_inner_texts()]
    assert names == [row.train, *(name for name in ("set/b", "set/c") if name != row.train)]
    shown.open(f"#test=set/b,set/c&row={row_id(row)}")
    assert "This row is shown for 2 of 4 test domains" in shown.page.locator("#detail .of-all").inner_text()
    assert "set/d" not in shown.page.locator("#detail").inner_text().split("Manifest")[0]


def test_notes_are_those_of_the_chosen_test_domains(reader: Callable[..., Reader], full: tuple[MadeBoard, Details]) -> None:
    board, details = full
    suspect = Shortcut(0.93, 0.9, 0.95, "format", ("PNG", "JPEG"))
    rows = [
        replace(
            row,
            tests=tuple(
                replace(t, shortcut=suspect if (row.detector, t.domain) == ("svm", "set/d") else None) for t in row.tests
            ),
        )
        for row in board.rows
    ]
    shown = reader(rows, details)
    notes = shown.page.locator("#notes")
    assert "set/d" in notes.inner_text()
    assert "shortcut" in shown.page.locator("#rows").inner_text()
    found = {row["id"]: row["marks"] for row in computed(shown, ("set/b", "set/c"))["rows"]}
    assert "set/d" not in notes.inner_text()
    for row in rows:
        restricted = replace(row, tests=tuple(test for test in row.tests if test.domain in ("set/b", "set/c")))
        flips = Mark.LIKE_COIN_FLIP  # follows from the interval that is computed
        assert [m for m in found[row_id(row)] if m != flips] == [m for m in marks_of(restricted) if m != flips]
    assert "Shortcut" not in notes.inner_text()
    assert "One draw" in notes.inner_text()


def test_leaders_and_ranks_over_the_choice_of_reals_are_those_of_python(reader: Callable[..., Reader], tmp_path: Path) -> None:
    board = made_board(tmp_path / "cells", trains=DOMAINS[:1], sources=("other", "third"), n=2)
    domains = ("set/b", "set/d")
    restricted = [replace(row, tests=tuple(t for t in row.tests if t.domain in domains)) for row in board.rows]
    wanted = with_reals_ranks(restricted, lambda row: board.folders.get(row.run_id))
    shown = reader(
        with_reals_ranks(board.rows, lambda row: board.folders.get(row.run_id)), read_details(board.rows, board.folders)
    )
    data = computed(shown, domains)
    found = {row["id"]: row for row in data["rows"]}
    assert {row.reals_rank_low for row in wanted} > {None, 1}
    for row in wanted:
        one = found[row_id(row)]
        assert [one["reals_rank_low"], one["reals_rank_high"]] == [row.reals_rank_low, row.reals_rank_high]
    framed = shown.page.locator("#reals-maps td.home").count()
    assert framed == sum(map(len, leading_sources(restricted).values()))


def test_what_an_address_asks_for_in_vain_is_said(shown: Reader, board: MadeBoard) -> None:
    before = shown.page.locator("#rows").inner_text()
    shown.open("#detector=nobody&sort=-nothing&tset=a&left=x&size=many")
    told = shown.page.locator("#strangers").inner_text()
    assert told == (
        "The address asks for what is not on this page, and that part of it changes nothing: "
        "tset=a, detector=nobody, sort=nothing, size=many, left=x."
    )
    assert shown.page.locator("#rows").inner_text() == before
    shown.open(f"#row={row_id(board.rows[0])}&with=nobody")
    assert "with=nobody" in shown.page.locator("#strangers").inner_text()
    assert shown.page.locator("#detail-title").inner_text() == board.rows[0].detector
    shown.open("#role=chosen&sort=-in_domain_auc")
    assert shown.page.locator("#strangers").is_hidden()


def test_a_table_that_is_wider_than_the_paper_is_printed_whole(shown: Reader) -> None:
    shown.open("#show=pd10,pd5,pd1,eer,parameters,view,left_out,threshold,calibration,seeds,train_overlap,fit_seconds")
    shown.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    right = "document.getElementById('rows').getBoundingClientRect().right"
    assert shown.page.evaluate(f"{right} <= document.getElementById('table-region').getBoundingClientRect().right + 1")
    shown.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert shown.page.evaluate("document.getElementById('rows').style.zoom") == ""


def test_names_that_are_not_on_the_page_are_told_and_change_nothing(shown: Reader) -> None:
    before = shown.page.locator("#rows").inner_text()
    shown.open("#test=set/x,set%252Cy&against=nobody")
    assert shown.page.locator("#choice-status").inner_text() == "Not on this page: set/x, set,y, nobody."
    assert shown.page.locator("#rows").inner_text() == before


def test_rows_without_influences_have_means_but_neither_intervals_nor_ranks(
    reader: Callable[..., Reader], board: MadeBoard, details: Details
) -> None:
    first = board.rows[0]
    only = folded(MadeBoard([first], board.folders), 10**6)
    shown = reader(board.rows, replace(details, influences=only))
    rows = computed_rows(shown, ("set/c", "set/d"))
    assert rows[row_id(first)]["cross_domain_auc_lo"] is not None
    for row in board.rows[1:]:
        found = rows[row_id(row)]
        wanted = expected(board, row, ("set/c", "set/d"))
        assert found["cross_domain_auc"] == pytest.approx(wanted["cross_domain_auc"], abs=1e-6)
        assert found["cross_domain_auc_lo"] is found["rank_low"] is found["gain"] is None


@pytest.mark.parametrize("budget", [8 * 4 * 40 * 50, 0], ids=["draws", "no draws"])
def test_a_page_without_room_for_bootstrap_draws_says_so(
    reader: Callable[..., Reader], board: MadeBoard, details: Details, budget: int
) -> None:
    """Values stay those of Python, and bounds are near: of 50 draws of this board there are none but all, or none."""
    writer = RateWriter(budget)
    for row in board.rows:
        folder = board.folders[row.run_id]
        draws = [read_scores(folder / file) for file in read_cell(folder).files_of(row)]
        writer.add(row_id(row), read_influences(row, draws, overlap=row.train_overlap, bootstrap=50).rates)
    shown = reader(board.rows, replace(details, rates=writer.packed()))
    rows = computed_rows(shown, ("set/b", "set/c"))
    said = "no room for bootstrap draws" in shown.page.locator("#choice-status").inner_text()
    assert said == (budget == 0)
    for row in board.rows:
        found, wanted = rows[row_id(row)], expected(board, row, ("set/b", "set/c"))
        assert found["pd10"] == pytest.approx(wanted["pd10"], abs=EXACT)
        assert [found["pd10_lo"], found["pd10_hi"]] == pytest.approx([wanted["pd10_lo"], wanted["pd10_hi"]], abs=0.06)


def test_a_page_without_room_folds_groups_and_says_so(reader: Callable[..., Reader], tmp_path: Path) -> None:
    board = made_board(tmp_path / "cells", trains=DOMAINS[:1], n=8)
    details = read_details(board.rows, board.folders)
    small = replace(details, influences=folded(board, 6_000))
    shown = reader(board.rows, small)
    rows = computed_rows(shown, ("set/b", "set/c"))
    text = shown.page.locator("#choice-status").inner_text()
    columns = next(n for n in (1024, 512, 256, 128) if f"{n} sums of groups" in text)
    for row in board.rows:
        found, wanted = rows[row_id(row)], expected(board, row, ("set/b", "set/c"))
        assert found["cross_domain_auc"] == pytest.approx(wanted["cross_domain_auc"], abs=EXACT)
        widths = [one["cross_domain_auc_hi"] - one["cross_domain_auc_lo"] for one in (found, wanted)]
        assert widths[0] == pytest.approx(widths[1], rel=4 * math.sqrt(0.5 / columns))


def folded(board: MadeBoard, budget: int) -> str:
    writer = InfluenceWriter(budget)
    for row in board.rows:
        folder = board.folders[row.run_id]
        draws = [read_scores(folder / file) for file in read_cell(folder).files_of(row)]
        writer.add(row_id(row), read_influences(row, draws, overlap=row.train_overlap))
    return writer.packed()
