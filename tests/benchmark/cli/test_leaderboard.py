"""``bench leaderboard`` and its commands as they are typed: messages, exit codes, and what is left behind."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from bandbench.benchmark import invocation
from bandbench.benchmark.cli import main
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.submissions.files import own_folder
from conftest import noise_picture, run, small_study
from made_pages import data_of, objects

DOCS = Path(__file__).parents[3] / "docs"
PLAIN = {"sweep": None, "search": {"trials": 0}}
META = "name: ours\ndetector: coin_flip\ntrain: mine\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a store with one cell."""
    root = tmp_path_factory.mktemp("recorded")
    for name, first in (("real", 0), ("fake", 1000)):
        (root / "mine" / name).mkdir(parents=True)
        for i in range(20):
            Image.fromarray(noise_picture(first + i)).save(root / "mine" / name / f"{name}{chr(97 + i)}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(root / "home"))
        patch.setenv("BANDBENCH_CACHE", str(root / "cache"))
        run(small_study(detectors=["coin_flip"], **PLAIN), {"mine": root / "mine"})
        return default_tracking_uri()


@pytest.fixture
def recorded(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store, a folder to work in, and what is said of a submission."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    Path("meta.yaml").write_text(META)


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Exit code, standard output and standard error (on one line) of a command."""

    def bench(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in ("leaderboard", *arguments)])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, " ".join(err.split())

    return bench


Bench = Callable[..., tuple[int, str, str]]


def test_from_a_recorded_row_to_a_verified_one_and_back(recorded: None, bench: Bench) -> None:
    code, alone, _ = bench()
    assert code == 0 and "coin_flip" in alone and "submitted" not in alone
    code, plain_csv, _ = bench("--csv")
    assert code == 0

    assert bench("export", "scores.csv", "--study", "small")[:2] == (0, "wrote scores.csv\n")
    code, out, err = bench("add", "scores.csv", "--meta", "meta.yaml")
    assert code == 0, err
    assert "ours added." in out and "verified: run" in out and "mine: AUC" in out
    code, out, _ = bench("add", "scores.csv", "--meta", "meta.yaml", "--json")
    assert code == 0
    assert json.loads(out)["outcome"] == "unchanged"
    assert json.loads(out)["verification"]["verified"]

    code, out, _ = bench()
    assert code == 0 and "coin_flip (ours, submitted, verified)" in out and "submission ours" in out
    assert [row.get("source", "recorded") for row in json.loads(bench("--json")[1])["rows"]].count("submitted") == 1
    sources = [line["source"] for line in csv.DictReader(io.StringIO(bench("--csv")[1]))]
    assert sorted(sources) == ["recorded", "submitted"]
    assert bench("--html", "page.html")[0] == 0
    assert Path("page.html").read_text().startswith("<!")

    assert bench("remove", "ours")[:2] == (0, "ours removed.\n")
    assert bench()[1] == alone
    assert bench("--csv")[1] == plain_csv
    code, _, err = bench("remove", "ours")
    assert code == 2 and err == "bench: unknown submission 'ours'. Known: none."


def test_findings_end_with_3_and_what_is_unusable_with_2(recorded: None, bench: Bench) -> None:
    bench("export", "scores.csv")
    lines = Path("scores.csv").read_text().splitlines()
    Path("fewer.csv").write_text("\n".join(lines[:-1]))
    code, out, _ = bench("add", "fewer.csv", "--meta", "meta.yaml")
    assert code == 3
    assert "found: mine: 7 of 8 items have a usable score." in out and "coverage 87.5 %" in out
    code, _, err = bench("add", "scores.csv", "--meta", "meta.yaml")
    assert code == 2 and "--replace" in err
    code, out, _ = bench("add", "scores.csv", "--meta", "meta.yaml", "--replace")
    assert code == 0 and "ours replaced." in out

    kept = sorted(path.name for path in own_folder().iterdir())
    Path("none.csv").write_text("\n".join([lines[0], "mine,nobody,,1,0.5,ok"]))
    Path("other.yaml").write_text(META.replace("ours", "theirs"))
    code, _, err = bench("add", "none.csv", "--meta", "other.yaml")
    assert code == 2 and "has no usable test scores" in err and "Traceback" not in err
    Path("other.yaml").write_text(META + "auc: 0.99\n")
    code, _, err = bench("add", "scores.csv", "--meta", "other.yaml")
    assert code == 2 and "line 4: the key 'auc' is a result" in err
    code, _, err = bench("add", "nowhere.csv", "--meta", "meta.yaml")
    assert code == 2 and "nowhere.csv cannot be read" in err
    assert sorted(path.name for path in own_folder().iterdir()) == kept


def test_a_damaged_submission_is_refused_and_the_board_is_shown(recorded: None, bench: Bench) -> None:
    (own_folder() / "broken").mkdir(parents=True)
    code, out, err = bench()
    assert code == 3
    assert "refused: submission broken: " in err and "coin_flip" in out


def test_words_of_others_neither_colour_nor_move_the_screen(recorded: None, bench: Bench) -> None:
    bench("export", "scores.csv")
    Path("meta.yaml").write_text('name: ours\ndetector: "[red]\\u202ex\\e[31m[/red]"\ntrain: "a\\nb"\nauthors: "[/] :smile:"\n')
    code, out, _ = bench("add", "scores.csv", "--meta", "meta.yaml")
    assert code == 0
    out += bench()[1]
    assert "[red]" in out and "[/] :smile:" in out and "← a b" in out
    assert "\x1b" not in out and "\u202e" not in out


def test_options_of_a_command_are_written_after_it(recorded: None, bench: Bench) -> None:
    code, _, err = bench("--study", "small", "export", "x.csv")
    assert code == 2 and err == "bench: options of `export` are written after it, not before."
    assert not Path("x.csv").exists()
    assert bench("export", "-")[1].startswith("dataset,key,compression,label,score,status\n")
    assert "unknown command 'nonsense'" in bench("nonsense")[2]
    code, _, err = bench("export", "x.csv", "--detector", "nobody")
    assert code == 2 and "no recorded cell is meant" in err


def test_figures_and_tests_are_files(recorded: None, bench: Bench, tmp_path: Path) -> None:
    code, _, err = bench(
        "--figures", "paper", "--format", "svg", "--format", "pdf", "--csv", "rows.csv", "--csv-tests", "tests.csv"
    )
    assert code == 0, err
    names = {path.name for path in Path("paper").iterdir()}
    assert names >= {"train_x_test.svg", "train_x_test.pdf", "cost.svg", "cost.pdf"}
    assert f"{len(names)} files" in err
    (row,), (test,) = (csv.DictReader(io.StringIO(Path(name).read_text())) for name in ("rows.csv", "tests.csv"))
    assert (row["role"], row["cell"]) == ("chosen", test["cell"])
    assert test["test.domain"] == row["train"]
    assert bench("--csv", "-", "--csv-tests", "-")[::2] == (2, "bench: standard output takes one file; give the others a name.")
    code, _, err = bench("--format", "svg")
    assert (code, "--figures DIR" in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("band_search", "its board is: bench leaderboard --study band_search"),
        ("band_search~trials=0", "its board is: bench leaderboard --study 'band_search~trials=0'"),
        ("exprt", "leaderboard: unknown command 'exprt'. Did you mean 'export'? Known: add, export, remove."),
    ],
)
def test_a_study_without_its_option_is_pointed_to_it(bench: Bench, name: str, said: str) -> None:
    code, _, err = bench(name)
    assert code == 2
    assert said in err.replace(invocation.bench(), "bench")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in, and nothing recorded; the files of the example in the documentation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    text = next(DOCS.rglob("submissions.md")).read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- tested: (\S+) -->\n```\w+\n(.*?)```", text, re.DOTALL)
    for name, content in blocks:
        Path(name).write_text(content, encoding="utf-8")
    assert [name for name, _ in blocks] == ["zoo.csv", "zoo.yaml"]


def test_the_documented_matrix_becomes_rows_of_a_board_without_runs(empty: None, bench: Bench) -> None:
    assert bench()[0] == 2
    code, out, _ = bench("add", "--wide", "zoo.csv", "--meta", "zoo.yaml", "--dry-run")
    assert code == 0 and "zoo/SD-1.4: 2 fakes, 4 reals" in out and "2 detectors, which would be added:" in out
    assert "zoo-CNNSpot: CNNSpot, training data not stated; higher = more fake" in out
    assert "zoo-univ_fd: univ_fd, trained on zoo/SD-1.4; higher = more real, so kept with the other sign" in out
    assert "1 of 8 pictures without a finite score" in out
    assert bench()[0] == 2

    code, out, _ = bench("add", "--wide", "zoo.csv", "--meta", "zoo.yaml")
    assert code == 3 and out.count("    added; mean AUC") == 2
    assert out.count("nothing here to check the items against") == 1
    code, out, _ = bench("add", "--wide", "zoo.csv", "--meta", "zoo.yaml", "--json")
    assert code == 3 and [one["outcome"] for one in json.loads(out)["reports"]] == ["unchanged"] * 2

    code, out, _ = bench()
    assert code == 0 and "CNNSpot (zoo-CNNSpot, submitted)" in out
    assert out.count("nothing here to check the items against") == 1
    document = json.loads(bench("--json")[1])
    assert {row["detector"]: row["submission"]["url"] for row in document["rows"]} == {
        "CNNSpot": "https://example.org/cnnspot",
        "univ_fd": "https://example.org/zoo",
    }
    assert len([note for note in document["rows"][0]["submission"]["notes"] if "nothing here to check the items" in note]) == 2
    assert len(list(csv.DictReader(io.StringIO(bench("--csv")[1])))) == 2
    assert bench("--html", "page.html")[0] == 0
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    code, _, err = bench("--study", "band_search")
    assert code == 2 and "without --study shows the submissions" in err


def test_options_of_a_matrix_want_a_matrix(empty: None, bench: Bench) -> None:
    assert "--dry-run is of a score matrix: it wants --wide" in bench("add", "zoo.csv", "--meta", "zoo.yaml", "--dry-run")[2]
    assert "--wide MATRIX takes the place of score files" in bench("add", "zoo.csv", "--wide", "zoo.csv")[2]
    assert "score files are missing; wanted SCORES... --meta META.yaml, or --wide" in bench("add")[2]
    assert "--meta META.yaml is missing; wanted SCORES..." in bench("add", "zoo.csv")[2]


def test_the_direction_of_a_matrix_is_told_or_assumed_aloud(empty: None, bench: Bench) -> None:
    assert "higher = more fake (assumed, as nothing says so)" in bench("add", "--wide", "zoo.csv", "--dry-run")[1]
    out = bench("add", "--wide", "zoo.csv", "--dry-run", "--higher", "real", "--dataset", "other set")[1]
    assert out.count("higher = more real, so kept with the other sign") == 2 and "other-set/VQDM: 2 fakes" in out


def test_results_and_scores_are_written_as_parquet(bench: Bench, recorded: None) -> None:
    code, out, err = bench("--parquet", "results.parquet", "--json", "board.json")
    assert (code, out) == (0, "")
    (row,) = json.loads(Path("board.json").read_text())["rows"]
    table = pd.read_parquet("results.parquet")
    assert table["id"].tolist() == [row["id"]]
    assert table["test.auc"].tolist() == [row["tests"][0]["auc"]]
    code, _, err = bench("--scores", row["id"][:6], "scores.parquet")
    assert code == 0
    scores = pd.read_parquet("scores.parquet")
    assert f"{len(scores)} scores of coin_flip, trained on mine" in err
    assert bench("--scores", "0000", "scores.parquet")[0] == 2
    assert bench("--scores", row["id"], "nowhere/scores.parquet")[0] == 2


def test_a_page_with_scores_links_them(bench: Bench, recorded: None) -> None:
    assert bench("--html", "board.html", "--with-scores")[0] == 0
    (file,) = Path("board-scores").iterdir()
    data = data_of(Path("board.html").read_text())
    assert (data["scores_folder"], data["scored"]) == ("board-scores", [0])
    assert objects(data)[0]["id"] == file.stem
    code, _, err = bench("--with-scores")
    assert code == 2
    assert "it wants --html FILE, too" in err


def test_dates_are_stated_for_a_board(bench: Bench, recorded: None) -> None:
    code, out, _ = bench("--released", "mine=2024-03", "--json")
    (row,) = json.loads(out)["rows"]
    assert row["released"] == {"mine": "2024-03"}
    assert row["later_reason"] == "no_other_domain"
    for wrong, message in (
        ("mine", "--released wants NAME=DATE"),
        ("mine=soon", "a date is written"),
        ("yours=2024", "unknown domain or data set of this board 'yours'"),
    ):
        code, _, err = bench("--released", wrong)
        assert code == 2
        assert message.lower() in err.lower()


def test_the_terminal_ends_in_short(bench: Bench, recorded: None) -> None:
    _, out, _ = bench()
    assert "In short" not in out  # a control alone leads nobody
