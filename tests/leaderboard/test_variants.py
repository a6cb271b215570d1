"""One board, one truth: of all that was recorded under a name, `bench leaderboard` shows what `bench run` showed last."""

import itertools
import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.store import read_json, results_root, write_json
from bandbench.benchmark.tracking import cell_runs, client_for, default_tracking_uri
from bandbench.leaderboard.notes import other_variants, row_notes
from bandbench.leaderboard.rows import RecordedCell, load_board, run_last
from conftest import run, small_study

Maker = Callable[..., Path]


def cell(run_id: str, used: float, settings: str = "a", detector: str = "svm", study: str = "s") -> RecordedCell:
    return RecordedCell(study, run_id, used, (Row(detector, "x", "chosen", Band(), settings=settings),))


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([], ""),
        ([cell("1", 1), cell("2", 2)], "2"),
        ([cell("1", 3), cell("2", 2)], "1"),  # an old one that was run again
        ([cell("1", 1), cell("2", 2, detector="knn")], "12"),  # a detector that was added
        ([cell("1", 1), cell("2", 1, detector="knn"), cell("3", 2, "b")], "3"),  # other settings: what they gave, and no more
        ([cell("1", 3), cell("2", 1, detector="knn"), cell("3", 2, "b")], "12"),  # the first settings, for one detector only
        ([cell("1", 1), cell("2", 2, "b", study="t")], "12"),
    ],
)
def test_which_variant_is_shown(cells: list[RecordedCell], shown: str) -> None:
    for order in itertools.islice(itertools.permutations(cells), 6):
        assert run_last(order) == set(shown)


def tiny(**changes: Any) -> Any:
    return small_study(**({"detectors": ["coin_flip"], "sweep": None, "search": {"trials": 0}, "bootstrap": 100} | changes))


def shown(rows: list[Row]) -> list[Any]:
    return sorted((r.detector, r.train, r.role, r.variant, r.in_domain_auc) for r in rows)


def assert_agree(outcome: Any, study: str = "small") -> None:
    assert shown(load_board(default_tracking_uri(), study).rows) == shown(outcome.rows)


def test_run_and_leaderboard_agree_in_every_order(picture_folder: Maker, tmp_path: Path) -> None:
    """Three variants under one name: other settings, other pictures in the same folder; all are on record the second time."""
    place = picture_folder()
    others = picture_folder("others", first_seed=300)

    def variant(letter: str) -> Any:
        shutil.rmtree(tmp_path / "now", ignore_errors=True)
        shutil.copytree(others if letter == "C" else place, tmp_path / "now")
        return run(tiny(seed=1 if letter == "B" else 0), {"mine": tmp_path / "now"})

    computed = []
    for letter in "ABCABACBCA":  # every variant after every other
        outcome = variant(letter)
        computed.append(outcome.computed)
        assert_agree(outcome)
        folder = max((results_root() / "studies").iterdir(), key=lambda path: path.stat().st_mtime)
        assert (folder / "train_x_test.png").is_file()
    assert [n > 0 for n in computed] == [True] * 3 + [False] * 7
    assert len(list((results_root() / "studies").iterdir())) == 3  # each has artifacts of its own
    board = load_board(default_tracking_uri(), "small")
    assert board.others == {"small": 2}
    assert "2 earlier results" in other_variants(board.others)[0]
    every = load_board(default_tracking_uri(), "small", every=True)
    assert sorted(row.current for row in every.rows) == [False, False, True]
    assert row_notes(every.rows)[0][0].startswith(
        "Earlier, of other settings, pictures or code than those that were run last: rows "
    )


def test_a_detector_joins_the_board_and_its_artifacts(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    first = run(tiny(), folder)
    second = run(tiny(detectors=["spectral_svm"]), folder)
    board = load_board(default_tracking_uri(), "small")
    assert shown(board.rows) == shown([*first.rows, *second.rows])
    assert board.others == {}
    (place,) = (results_root() / "studies").iterdir()
    assert {row["detector"] for row in read_json(place / "rows.json")} == {"coin_flip", "spectral_svm"}


def test_a_store_of_an_earlier_version_is_read(picture_folder: Maker) -> None:
    """Cells of schema 3 say neither their settings nor when they were used; what is run now is newer than they are."""
    folder, uri = {"mine": picture_folder()}, default_tracking_uri()
    run(tiny(), folder)
    with cell_runs(uri, "small") as runs:
        (old,) = runs
    document = read_json(old.folder / "cell.json")
    write_json(
        old.folder / "cell.json", {k: v for k, v in document.items() if k not in ("settings", "variant")} | {"schema": 3}
    )
    client_for(uri).delete_tag(old.run_id, "bandbench.used")
    (row,) = load_board(uri, "small").rows
    assert (row.settings, row.variant) == (document["study_key"][:8], document["key"][:8])
    assert_agree(run(tiny(seed=5), folder))
    assert load_board(uri, "small").others == {"small": 1}


def bench(*words: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return int(stop.value.code or 0)


def test_options_lead_to_boards_of_their_own(picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As on the command line: `--seed` and a folder of one's own do not write into the board of the study."""
    study = tmp_path / "file.yaml"
    study.write_text(
        "{name: small, detectors: [coin_flip], train: [mine], test: [mine], seeds: 1, crop: {side: 64}, sweep: null, "
        "search: {trials: 0}, bootstrap: 100}"
    )
    mine, yours = picture_folder(), picture_folder("other", first_seed=500)
    runs = {
        "small": ["--data", f"mine={mine}"],
        "small~seed=1": ["--data", f"mine={mine}", "--seed", 1],
        "small~yours": ["--data", f"yours={yours}"],
    }
    told = {}
    for board in [*runs, "small"]:
        assert bench("run", "--study", study, *runs[board], "--jobs", 1, "--json", tmp_path / "run.json") == 0
        told[board] = json.loads((tmp_path / "run.json").read_text())
        assert told[board]["study"] == board
        error = " ".join(capsys.readouterr().err.split())
        assert f"bench leaderboard --study {shlex.quote(board)} " in error
        assert "bench data doctor" in error
        assert ("yours is no data set of the study small" in error) == (board == "small~yours")
    for board, rows in told.items():
        assert bench("leaderboard", "--study", board, "--json", tmp_path / "board.json") == 0
        found = json.loads((tmp_path / "board.json").read_text())["rows"]
        assert [{k: v for k, v in row.items() if k != "run_id"} for row in found] == rows["rows"]
