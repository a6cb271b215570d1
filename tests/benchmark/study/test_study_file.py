"""Study files: what is accepted, and what the messages say."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band
from bandbench.benchmark.metrics.clips import ClipRule
from bandbench.benchmark.study.study_file import (
    BandEntry,
    CropEntry,
    DetectorEntry,
    Discrepancy,
    Search,
    Study,
    Sweep,
    all_pass_only,
    load_study,
    override,
    shipped_studies,
    study_from,
)

GOOD = """\
name: mine
detectors:
  - coin_flip
  - {name: spectral_svm, params: {C: 3}}
train: [procedural/planted]
test: [procedural]
"""


def write(folder: Path, text: str) -> str:
    path = folder / "study.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_are_valid(name: str) -> None:
    assert load_study(name).name == name


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, GOOD))
    assert study.detectors[1].params == {"C": 3}
    assert study.sweep is not None
    assert study.clips is ClipRule.MEAN
    assert load_study(write(tmp_path, GOOD + "clips: top_third\n")).clips is ClipRule.TOP_THIRD


def test_sweep_covers_the_axis_without_gaps(tmp_path: Path) -> None:
    sweep = load_study(write(tmp_path, GOOD)).sweep
    assert sweep is not None
    edges = [band.edges for band in sweep.bands("keep")]
    assert edges[0][0] == pytest.approx(0, abs=1e-6)
    assert MAX_FREQUENCY - edges[-1][1] < sweep.step
    assert all(later[0] <= earlier[1] for earlier, later in pairwise(edges))
    assert all(high - low == pytest.approx(sweep.width) for low, high in edges)


def test_a_sweep_takes_out_what_it_keeps(tmp_path: Path) -> None:
    sweep = load_study(write(tmp_path, GOOD + "sweep: {width: 0.1, step: 0.05, kinds: [band, stop]}\n")).sweep
    assert sweep is not None
    bands = sweep.bands("keep")
    half = len(bands) // 2
    assert [band.kind for band in bands] == ["band"] * half + ["stop"] * half
    assert [band.edges for band in bands[:half]] == [band.edges for band in bands[half:]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "sweep: {kinds: []}\n", "line 7: sweep.kinds: wanted a list with 1 or more entries"),
        (GOOD.replace("detectors:", "detector:"), r"line 2: unknown key 'detector'. Did you mean 'detectors'\?"),
        (GOOD + "search:\n  trails: 5\n", r"line 8: unknown key 'trails'. Did you mean 'trials'\?"),
        (GOOD + "search: {halfwidth: 0}\n", r"line 7: search.halfwidth: wanted a list, such as \[a, b\], got 0"),
        (GOOD + "search: {trials: -1}\n", "line 7: search.trials: wanted a number of 0 or more, got -1"),
        (GOOD + "sweep:\n  width: 0.02\n  step: 0.05\n", "line 7: sweep: step 0.05 is wider than width 0.02"),
        (GOOD + "bands:\n  - {kind: band, low: 0.3, high: 0.2}\n", "line 8: bands.0: .*got 0.3 and 0.2"),
        (GOOD + "bands:\n  - {kind: low, high: 3}\n", "line 8: bands.0.high: .*got 3"),
        (GOOD + "bands:\n  - {kind: low}\n", "line 8: bands.0: .*key high, its cut-off.*missing"),
        (GOOD + "bands:\n  - {kind: high, low: 0.8}\n", "line 7: bands: .*mode keep .*keep none of them, got 0.8"),
        (GOOD + "search: {cutoff: [0.03, 0.8]}\n", r"line 7: search: cutoff needs 0 < low < high < 0.707 .*got \[0.03, 0.8\]"),
        (GOOD + "bands:\n  - {kind: comb}\n", "line 8: bands.0: .*comb needs the period of its lattice"),
        (GOOD + "bands:\n  - {kind: comb, period: 1}\n", "line 8: bands.0: .*whole number of pixels from 2 on, got 1"),
        (GOOD + "bands:\n  - {kind: comb, period: 8.5}\n", "line 8: bands.0.period: .*got 8.5"),
        (
            GOOD + "bands:\n  - kind: comb\n    period: 8\n    low: 0.1\n",
            "line 8: bands.0: .* kind comb .* not low",
        ),
        (GOOD + "bands:\n  - {kind: band, low: 0.1, period: 8}\n", "line 8: bands.0: a band of kind band .*, and not period"),
        (GOOD + "bands:\n  - {kind: comb, period: 8, halfwidth: 0.1}\n", "line 8: bands.0: .*0.0625 cycles/pixel, .*got 0.1"),
        (GOOD + "bands:\n  - {kind: comb, period: 8, points: edge}\n", "line 8: bands.0.points: .*got 'edge'"),
        (GOOD + "search:\n  kinds: [comb]\n  period: []\n", "line 7: search: period is empty"),
        (GOOD + "search:\n  kinds: [comb]\n  period: [1]\n", "line 9: search.period.0: .*got 1"),
        (GOOD + "search: {halfwidth: [0.04, 0.01]}\n", r"line 7: search: halfwidth needs .*got \[0.04, 0.01\]"),
        (GOOD + "seeds: many\n", "line 7: seeds: wanted a whole number, got 'many'"),
        (GOOD + "name: again\n", "line 7: the key 'name' stands here twice"),
        (GOOD + "perturbations: [jpeg:quality=50, nois]\n", "line 7: perturbations.1: unknown perturbation 'nois'"),
        (GOOD + "clips: majority\n", "line 7: clips: .*'mean', 'vote' or 'top_third', got 'majority'"),
        (GOOD + "mode: [keep\n", "line 8: not valid YAML"),
        (GOOD + "crop: 64\n", "line 7: crop: wanted a mapping with some of the keys side, .*, got 64"),
        (
            GOOD + "bands: ['low:0.3']\n",
            "line 7: bands.0: wanted a mapping with some .* kind, .*'low:0.3'",
        ),
        (GOOD + "datasets: [x]\n", "line 7: datasets: wanted a mapping, such as {a: 1}, got"),
        (GOOD + "search: {kinds: []}\n", "line 7: search: kinds is empty"),
        ("- 1\n", "a study is a mapping"),
        ("name: x\n", "the key 'detectors' is missing"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        load_study(write(tmp_path, text))


def test_the_first_of_many_mistakes_are_shown(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        load_study(write(tmp_path, GOOD + f"bands: [{', '.join(['5'] * 900)}]\n"))
    lines = str(refused.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 890 more mistakes."


def test_a_description_is_text_that_can_be_written() -> None:
    keys = {"name": "x", "detectors": ["a"], "train": ["b"], "test": ["b"]}
    assert study_from(keys | {"description": "\U0001f600"}).description == "\U0001f600"
    with pytest.raises(StudyError, match="study: description: a text with half of a surrogate pair"):
        study_from(keys | {"description": "\ud83d"})
    with pytest.raises(StudyError, match="study: .*a text with half of a surrogate pair"):
        study_from(keys | {"perturbations": ["\ud83d"]})


@pytest.mark.parametrize(
    "text", ["mode: reweight\nbands: [{kind: high, low: 0.8}]\n", "bands: [{kind: high, low: 0.8, mode: pixels}]\n"]
)
def test_fixed_bands_may_lie_beyond_the_corner(tmp_path: Path, text: str) -> None:
    study = load_study(write(tmp_path, GOOD + text))
    assert study.bands[0].band(study.mode).cutoff == 0.8
    low = load_study(write(tmp_path, GOOD + "bands: [{kind: low, high: 0.833}]\n"))
    assert override(low, {"seeds": 2}).bands[0].band("keep").half_gain == (0, 0.833)
    assert all(band.edges[1] <= MAX_FREQUENCY for band in study.sweep_bands)


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"unknown study 'band_serch'. Did you mean 'band_search'\?"):
        load_study("band_serch")
    with pytest.raises(StudyError, match="no study file .*nowhere.yaml"):
        load_study(str(tmp_path / "nowhere.yaml"))


def test_override(tmp_path: Path) -> None:
    study = override(load_study(write(tmp_path, GOOD)), {"search.trials": 3, "crop.side": 96})
    assert (study.search.trials, study.crop.side) == (3, 96)
    with pytest.raises(StudyError, match=r"crop.side: .*got 3"):
        override(study, {"crop.side": 3})


def test_a_board_of_a_study_file_is_written_to_by_the_file() -> None:
    with pytest.raises(StudyError, match=r"leaderboard --study 'tiny~trials=6'` shows it, and `.*bench run FILE` writes to it"):
        load_study("tiny~trials=6")


@pytest.mark.parametrize("name", ["a/b", "..", ".", ".hidden"])
def test_a_name_that_cannot_be_one_is_told_what_names_hold(tmp_path: Path, name: str) -> None:
    (tmp_path / "s.yaml").write_text(GOOD.replace("name: mine", f"name: {name}"))
    rule = r"name: a name holds letters, digits and the characters \. _ - alone, and does not begin with a dot"
    with pytest.raises(StudyError, match=rf"{rule}, got '{re.escape(name)}'\."):
        load_study(str(tmp_path / "s.yaml"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sweep: {step: 1.0e-9}", "step 1e-09 makes 677,106,782 bands, more than 10,000; choose a wider one."),
        ("sweep: {step: 5.0e-324}", "step 4.94066e-324 makes inf bands, more than 10,000; choose a wider one."),
        ("search: {trials: 1000000000000}", "search.trials: wanted a number of 100,000 or less"),
        ("search: {batch: 1000000000}", "search.batch: wanted a number of 1,000 or less"),
        ("crop: {tiles: 1000000000}", "crop.tiles: wanted a number of 4,096 or less"),
        ("datasets: &a {procedural: *a}", "a list or mapping that contains itself"),
    ],
)
def test_a_study_that_no_machine_could_run_is_refused(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "s.yaml").write_text(f"name: s\ndetectors: [a]\ntrain: [b]\ntest: [b]\n{line}\n")
    with pytest.raises(StudyError) as refused:
        load_study(str(tmp_path / "s.yaml"))
    assert "line 5" in str(refused.value) and message in str(refused.value)


def test_pools_protocols_and_dates_are_read(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    text = """name: s
detectors: [dct_ridge]
train: [procedural/nearest, [a, b], [ffpp]]
test: [procedural]
protocol: later_only
pool: all
shots: [0, 10]
dates: {procedural: 2019, a: 2020-05}
"""
    file.write_text(text)
    study = load_study(str(file))
    assert study.train == ("procedural/nearest", "a & b", "ffpp & ffpp")  # the last is a pool of whatever ffpp stands for
    assert (study.protocol, study.pool, study.shots) == ("later_only", "all", (0, 10))
    assert study.dates == {"procedural": "2019", "a": "2020-05"}
    assert override(study, {"seeds": 1}).train == study.train


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("protocol: leave_one", "line 5: protocol: wanted 'all_pairs', 'leave_one_out' or 'later_only'"),
        ("shots: [-1]", "line 5: shots.0: wanted a number of 0 or more"),
        ("shots: []", "line 5: shots"),
        ("dates: {a: soon}", "line 5: dates.a: a date is written 2022, 2022-08 or 2022-08-22, got 'soon'"),
    ],
)
def test_a_mistake_in_a_protocol_is_shown_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"name: s\ndetectors: [dct_ridge]\ntrain: [a]\ntest: [a]\n{line}\n")
    with pytest.raises(StudyError) as error:
        load_study(str(file))
    assert message in str(error.value)


def test_a_pool_of_nothing_is_shown_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("name: s\ndetectors: [dct_ridge]\ntrain: [a, []]\ntest: [a]\n")
    with pytest.raises(StudyError, match=r"line 3: train.1: a pool is a list of names of domains, got \[\]"):
        load_study(str(file))


COMBS = """\
mode: pixels
search: {kinds: [low, comb, anticomb], period: [2, 16], halfwidth: [0.03, 0.04]}
bands:
  - {kind: comb, period: 8}
  - {kind: anticomb, period: 4, halfwidth: 0.01, points: axes, order: 3, mode: keep}
  - {kind: low, high: 0.2}
"""


def test_combs_are_read_and_written(tmp_path: Path) -> None:
    study = load_study(write(tmp_path, GOOD + COMBS))
    fixed = [entry.band(study.mode) for entry in study.bands]
    comb, anticomb = Band("comb", period=8, mode="pixels"), Band("anticomb", period=4, halfwidth=0.01, points="axes")
    assert fixed[:2] == [comb, anticomb]
    searched = [(band.kind, band.period, band.halfwidth) for band in study.combs[2:]]
    # Half the spacing of the lattice of 16 pixels is 0.031.
    assert searched == [(kind, period, h) for kind in ("comb", "anticomb") for period, h in ((2, 0.03), (16, 0.025))]
    again = override(study, {"seeds": 1})
    assert [entry.band("pixels") for entry in again.bands] == fixed
    assert again.search == study.search
    assert override(study, {"search.trials": 0}).combs == [comb, anticomb]
    assert all_pass_only(study).combs == []


def test_studies_without_combs_have_the_settings_that_they_had(tmp_path: Path) -> None:
    """Settings are in the keys of cells, so a key that a study cannot use would compute everything anew."""
    plain = load_study(write(tmp_path, GOOD + "bands: [{kind: low, high: 0.2}]\n")).model_dump(mode="json")
    assert plain["bands"] == [{"kind": "low", "low": 0.0, "high": 0.2, "order": 1, "mode": None}]
    assert list(plain["search"]) == ["trials", "batch", "kinds", "cutoff", "width", "order"]
    combs = load_study(write(tmp_path, GOOD + COMBS)).model_dump(mode="json")
    lattice = {"period": 8, "halfwidth": 0.02, "points": "all"}
    assert combs["bands"][0] == {"kind": "comb", "order": 1, "mode": None, **lattice}
    assert combs["search"]["period"] == [2, 16]


VALUES = [None, True, "x", "", -1, 10**30, 1.5, math.nan, math.inf, [], {}, [1] * 5, ["a"] * 3, "y" * 500, {1: 2}, {"zz": 1}]
VALUES += [[[1]], [{}], [None], [0.1], 5, [math.nan, 1.0]]
WHOLE = {"name": "x", "detectors": ["a"], "train": ["b"], "test": ["b"]}
PARTS = {"crop": CropEntry, "sweep": Sweep, "search": Search, "mmd": Discrepancy}
ENTRIES = {"detectors": (DetectorEntry, {"name": "a"}), "bands": (BandEntry, {"kind": "band", "low": 0.1, "high": 0.2})}


def wrong_studies() -> Iterator[dict[str, Any]]:
    """Studies with a value of any type at any key."""
    for value in VALUES:
        yield from (WHOLE | {key: value} for key in Study.model_fields)
        yield from (WHOLE | {part: {key: value}} for part, model in PARTS.items() for key in model.model_fields)
        for part, (model, entry) in ENTRIES.items():
            yield from (WHOLE | {part: [entry | {key: value}]} for key in model.model_fields)


def test_no_mistake_is_put_in_the_words_of_a_library() -> None:
    lines = set()
    for keys in wrong_studies():
        try:
            study_from(keys)
        except StudyError as error:
            lines.update(str(error).splitlines())
    assert len(lines) > 500
    assert [line for line in lines if re.search(r"Input|should|valid |parse|Field required|\[key\]", line)] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("search: {cutoff: [0.1]}", r"line 5: search.cutoff: wanted 2 or more entries, got \[0.1\]\."),
        ("search: {order: [1, 2, 3]}", r"line 5: search.order: wanted a list of at most 2 entries, got \[1, 2, 3\]\."),
        ("mode: kepp", r"line 5: mode: wanted 'keep', 'reweight' or 'pixels', got 'kepp'\. Did you mean 'keep'\?"),
        ("dates: {1: 2020}", r"line 5: dates: wanted keys that are texts, got 1\."),
    ],
)
def test_a_mistake_says_what_was_wanted_and_what_came(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(f"name: s\ndetectors: [dct_ridge]\ntrain: [a]\ntest: [a]\n{line}\n")
    with pytest.raises(StudyError, match=message):
        load_study(str(file))
