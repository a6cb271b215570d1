"""Notes of runs: Markdown that states the band, the evidence and the test AUCs, and that no name can break."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording.run_notes import MOST_DOMAINS, cell_note, study_note, text
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.marks import Mark
from bandbench.benchmark.results.rows import Plateau, Row, Shortcut, TestResult
from made_cells import made_cell

ROW = Row(
    "spectral_svm",
    "home",
    "chosen",
    Band("low", 0.2),
    rule="narrowest band",
    tests=(
        TestResult("away", 0.6, 0.45, 0.75, 8, 1.0, allpass_auc=0.55),
        TestResult("away+blur:sigma=1", 0.5, 0.4, 0.6, 8, 1.0),
    ),
)


def lines(row: Row, folder: Path) -> list[str]:
    return cell_note(row, made_cell(), folder).splitlines()


def test_a_note_names_detector_domain_band_and_rule(tmp_path: Path) -> None:
    note = lines(ROW, tmp_path)
    assert note[0] == "**spectral\\_svm**, trained on **home** (one draw of its pictures)."
    assert note[2] == "Chosen band: **low \\<0.200** cycles/pixel. The rule: narrowest band."
    assert "(3 draws of its training and validation pictures)" in lines(replace(ROW, seeds=3), tmp_path)[0]


def test_a_pool_is_named_as_the_table_does(tmp_path: Path) -> None:
    stored = Shortcut(1.0, 0.95, 1.0, "format", ("PNG", "JPEG 75"))
    tests = tuple(TestResult(name, 0.6, 0.5, 0.7, 8, 1.0) for name in ("a", "b", "c", "d"))
    note = lines(replace(ROW, train="a & b & c", shortcut=stored, tests=tests), tmp_path)
    assert note[0].startswith("**spectral\\_svm**, trained on **all but d** (")
    assert any(line.startswith("**Shortcut**: ") and "all but d" in line for line in note)


def test_a_note_explains_the_marks(tmp_path: Path) -> None:
    note = cell_note(ROW, made_cell(), tmp_path, (Mark.ONE_DRAW, Mark.NOTHING_LEARNED)).splitlines()
    assert [line.partition(":")[0] for line in note if line.startswith("- **")] == ["- **one draw**", "- **nothing learned**"]
    assert not any(line.startswith("- **") for line in lines(ROW, tmp_path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"evidence": ()}, "none found. The chosen band does not lie within the frequencies that carry evidence."),
        ({"evidence": None}, "not asked, as the study has no sweep of narrow bands."),
    ],
)
def test_no_evidence_and_no_sweep_are_two_things(changes: dict[str, object], sentence: str, tmp_path: Path) -> None:
    assert f"Evidence: {sentence}" in lines(replace(ROW, **changes), tmp_path)  # type: ignore[arg-type]


def test_the_evidence_says_what_suffices_what_is_necessary_and_where_the_band_lies(tmp_path: Path) -> None:
    sufficient = "A narrow band that is kept alone there has a validation AUC that is clearly above 0.5."
    inside = replace(ROW, evidence=(EvidenceStretch(0.1, 0.19, True, None),))
    assert f"Evidence: 0.100-0.190 cycles/pixel. {sufficient}" in lines(inside, tmp_path)
    outside = replace(ROW, evidence=(EvidenceStretch(0.3, 0.4, True, True),), plateau=Plateau(0.0, 0.25))
    assert (
        f"Evidence: 0.300-0.400 (all necessary) cycles/pixel. {sufficient} *Necessary*: without a narrow band there the AUC is "
        "clearly below that with all frequencies. Bands between 0.000 and 0.250 cycles/pixel tie with the chosen one. "
        "The chosen band does not lie within the frequencies that carry evidence."
    ) in lines(outside, tmp_path)


def test_the_table_holds_plain_test_domains_and_a_dash_for_undefined_numbers(tmp_path: Path) -> None:
    table = [line for line in lines(ROW, tmp_path) if line.startswith("| away")]
    assert table == ["| away | 0.600 (0.450 to 0.750) | 0.550 | – |"]


def test_a_long_table_is_cut_and_the_rest_counted(tmp_path: Path) -> None:
    tests = tuple(TestResult(f"d{i}", 0.5, math.nan, math.nan, 8, 1.0) for i in range(MOST_DOMAINS + 2))
    note = lines(replace(ROW, tests=tests), tmp_path)
    assert sum(line.startswith("| d") for line in note) == MOST_DOMAINS
    assert "… and 2 more, among the metrics." in note


def test_files_that_are_there_are_listed(tmp_path: Path) -> None:
    assert "Artifacts:" not in lines(ROW, tmp_path)
    (tmp_path / "sweep.png").touch()
    (tmp_path / "other.png").touch()
    listed = [line for line in lines(ROW, tmp_path) if line.startswith("- ")]
    assert listed == ["- `sweep.png`: validation AUC as a narrow band moves over the frequencies, with the chosen band"]


def test_a_model_is_offered_or_its_absence_explained(tmp_path: Path) -> None:
    (tmp_path / "model_left_out.txt").write_text("it has 99 MB.\n")
    assert lines(ROW, tmp_path)[-1] == "No model is kept: it has 99 MB."
    (tmp_path / "model").mkdir()
    assert "mlflow models predict" in lines(ROW, tmp_path)[-1]


def test_a_study_is_described_in_its_own_words(tmp_path: Path) -> None:
    note = study_note(made_cell(description="Bands of *faces*"), tmp_path)
    assert note.startswith("Bands of \\*faces\\*\n\n")


def test_names_cannot_act_as_markdown() -> None:
    assert text("a_b  [x](y)\n<script>") == "a\\_b \\[x\\](y) \\<script\\>"
