"""What a run says of its data, from plan to leaderboard: leaks, split lists, lookalikes, what is missing."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.results.marks import Mark
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.run import Outcome
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard.exports import as_csv, as_document, as_tests_csv
from bandbench.leaderboard.rows import load_board
from bandbench.leaderboard.terminal.table import print_table
from conftest import run, small_study

Maker = Callable[..., Path]
MARKS = tuple(mark.label.capitalize() for mark in Mark)
TRACES = "The classes of "


def about_data(notes: list[str]) -> list[str]:
    """Notes but those on marks, which rows of one draw have, and on traces in the pixels, which the fakes are made with."""
    return [note for note in notes if not note.startswith((*MARKS, TRACES))]


CAST = """\
import io

from PIL import Image

from bandbench.benchmark.contracts import Dataset, Item
from conftest import noise_picture

FIRST = {"real": 0, "one": 1000, "two": 2000, "train": 0, "val": 100, "test": 200}


class Cast(Dataset):
    name = "cast"
    needs_root = False

    def __init__(self, root=None, seed=0, replicate=0, leak="", n=10, first=0, lacks="988 of 1000 clips"):
        super().__init__(root, seed, replicate)
        self.leak, self.n, self.first, self.lacks = leak, n, first, lacks

    def variants(self):
        return ("one", "two")

    def facts(self):
        return {"missing": [self.lacks], "notes": [], "preparation": "haar"} if self.lacks else {}

    def items(self, variant):
        found = []
        for split in ("train", "val", "test"):
            for i in range(self.n):
                donor = f"{split}{(i + 1) % self.n}"
                if split == "train" and i < {"test": 2, "val": 3, "all": self.n}.get(self.leak, 0):
                    donor = "val0" if self.leak == "val" else "test0"
                found.append(Item(f"real/{split}/{i}", 0, split, target=f"{split}{i}"))
                found.append(Item(f"{variant}/{split}/{i}", 1, split, target=f"{split}{i}", donor=donor))
        return found

    def read(self, item):
        kind, split, number = item.id.split("/")
        out = io.BytesIO()
        if (kind, split) == ("two", "test") and int(number) < 3:  # training fakes of the other domain, saved again
            Image.fromarray(noise_picture(1000 + int(number), 64, 1.6)).save(out, "JPEG", quality=90)
        else:
            seed = self.first + FIRST[kind] + FIRST[split] + int(number)
            Image.fromarray(noise_picture(seed, 64, 1.0 if kind == "real" else 1.6)).save(out, "PNG")
        return out.getvalue()


class Reals(Cast):
    name = "reals"
    classes = ("real",)

    def items(self, variant):
        return [item for item in super().items(variant) if item.label == 0]
"""

SMALL = {"detectors": ["spectral_logreg"], "sweep": None, "search": {"trials": 0}, "train": ["cast/one"]}


@pytest.fixture
def cast(tmp_path: Path, picture_folder: Maker) -> str:
    """Reference of a data set with identities; `picture_folder` brings the tracking store."""
    (tmp_path / "cast.py").write_text(CAST)
    return f"{tmp_path}/cast.py:Cast"


def run_cast(cast: str, changes: dict[str, Any] | None = None, **options: Any) -> Outcome:
    """Run the study; its test pictures that look like training pictures are kept, unless `changes` say otherwise."""
    keys = {**SMALL, "test": ["cast"], "datasets": {"cast": options}, "allow_lookalikes": True}
    study = small_study(**{**keys, **(changes or {})})
    catalogue = {cast: ""}
    return run(study, catalogue)  # type: ignore[arg-type]


def chosen(outcome: Outcome) -> dict[str, Any]:
    return next(row for row in outcome.rows if row.role == "chosen")


def cell(row: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "home" / "cells" / row.cell / "cell.json").read_text())


# --- leaks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        ("test", "train of cast/one and test of cast/one share identity 'test0'"),
        ("val", "train and val of cast/one share identity 'val0'"),
    ],
)
def test_leaks_are_refused_before_anything_is_read(cast: str, leak: str, message: str) -> None:
    study = small_study(**SMALL, test=["cast"], datasets={"cast": {"leak": leak}})
    with pytest.raises(DataError, match=message):
        make_plan(study, Catalogue({cast: ""}, dict(study.datasets)))


def test_a_perturbed_domain_leaks_like_the_plain_one(cast: str) -> None:
    study = small_study(**(SMALL | {"train": ["cast/one+blur"]}), test=["cast/two+noise"], datasets={"cast": {"leak": "test"}})
    with pytest.raises(DataError, match=r"train of cast/one\+blur:sigma=\S+ and test of cast/two\+noise:sd=\S+ share identity"):
        make_plan(study, Catalogue({cast: ""}, dict(study.datasets)))


def test_one_folder_under_two_names_is_one_data_set(picture_folder: Maker) -> None:
    root = picture_folder()
    study = small_study(train=["mine"], test=["yours"], datasets={}, **{k: v for k, v in SMALL.items() if k != "train"})
    for half in ("real", "fake"):
        (root / "test" / half).mkdir(parents=True)
        (root / "train" / half).mkdir(parents=True)
        for i, path in enumerate(sorted((root / half).iterdir())):
            path.rename(root / ("test" if i % 2 else "train") / half / f"clip{i // 2}_{i}.png")
        (root / half).rmdir()
    with pytest.raises(DataError, match="^train and val of mine and test of yours share video 'clip0'"):
        make_plan(study, Catalogue({"mine": str(root), "yours": str(root)}))


def test_offenders_are_left_out_of_training_and_counted(cast: str, tmp_path: Path) -> None:
    outcome = run_cast(cast, {"drop_leaks": True}, leak="test")
    assert outcome.complete
    row = chosen(outcome)
    assert row.dropped_leaks == {"train": 2, "val": 0}
    assert [test.n for test in row.tests] == [20, 20]
    whole = chosen(run_cast(cast, {"drop_leaks": True}))
    assert whole.dropped_leaks == {"train": 0, "val": 0}
    assert whole.cell != row.cell
    # Test sets stay as they are: the rows compare.
    assert [test.split_list for test in whole.tests] == [test.split_list for test in row.tests]
    fitted = {name: found for name, found in cell(row, tmp_path)["digests"].items() if "/train" in name}
    assert fitted != {name: found for name, found in cell(whole, tmp_path)["digests"].items() if "/train" in name}
    client = client_for(default_tracking_uri())
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()], "tags.`bandbench.kind` = 'cell'")
    assert {one.data.params["dropped_leaks.train"] for one in runs} == {"2", "0"}


def test_nothing_to_drop_is_the_same_study(cast: str) -> None:
    first = run_cast(cast)
    assert run_cast(cast, {"drop_leaks": True}).computed == 0
    assert first.computed > 0


def test_a_class_that_is_left_empty_is_an_error(cast: str) -> None:
    with pytest.raises(DataError, match=r"cast/one: without the pictures .* \(10 of train\) train has no fake"):
        run_cast(cast, {"drop_leaks": True}, leak="all")


def test_the_command_says_what_it_left_out(
    cast: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    study = tmp_path / "study.yaml"
    study.write_text(
        json.dumps({"name": "small", "test": ["cast"], "crop": {"side": 64}, "bootstrap": 200, "seeds": 1} | SMALL)
    )
    arguments = ["run", "--study", str(study), "--data", cast, "--data", "cast.leak=test", "--jobs", "1"]
    arguments += ["--train", "cast/one", "--test", "cast", "--allow-lookalikes"]
    with pytest.raises(SystemExit) as refused:
        main([*arguments, "--dry-run"])
    assert refused.value.code == 2
    assert "--drop-leaks" in capsys.readouterr().err
    with pytest.raises(SystemExit) as done:
        main([*arguments, "--dry-run", "--drop-leaks"])
    assert done.value.code == 0
    lines = capsys.readouterr().out
    assert "cast/one: 2 training pictures were left out" in lines
    assert "10 + 8" in lines
    assert "cast is not complete: 988 of 1000 clips." in lines
    with pytest.raises(SystemExit):
        main([*arguments, "--dry-run", "--drop-leaks", "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert facts["dropped_leaks"] == {"cast/one": {"train": 2, "val": 0}}
    assert facts["data"]["cast"]["preparation"] == "haar"
    with pytest.raises(SystemExit) as done:
        main([*arguments, "--drop-leaks"])
    said = capsys.readouterr()
    assert done.value.code == 0
    assert "cast/one: 2 training pictures were left out" in said.err
    assert "cast is not complete: 988 of 1000 clips." in said.err
    assert "1* " in said.out
    with pytest.raises(SystemExit):
        main(["leaderboard", "--study", "small~allow-lookalikes=True~cast.leak=test"])
    board = capsys.readouterr().out
    assert "2 of train" in board
    assert "cast is not complete: 988 of 1000 clips." in board


# --- models that are kept --------------------------------------------------------------------------------------------


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error (on one line) of a command."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, " ".join(err.split())


def test_training_domains_are_held_against_each_other(cast: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = ("--train", "cast/one", "--train", "cast/two", "--data", cast, "--data", "cast.leak=val")
    train = ("train", "spectral_logreg", *both, "--crop", 64, "--jobs", 1, "--out", tmp_path / "model")
    code, _, err = bench(capsys, *train)
    assert code == 2
    assert "share identity 'val0'; a score on them would be memory." in err
    code, out, err = bench(capsys, *train, "--drop-leaks", "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert facts["dropped_leaks"] == {"train": 6, "val": 0}  # three fakes of each domain
    assert facts["validation"]["n_train"] == 2 * 10 + 10 - 6
    assert "6 training pictures were left out" in err
    assert "cast is not complete: 988 of 1000 clips." in err


def test_a_model_remembers_whom_it_has_seen(cast: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = tmp_path / "model", ("--data", cast)
    leaking = ("--data", "cast.leak=test")  # in training, donors of the test split; the test split itself stays
    code, _, err = bench(
        capsys, "train", "spectral_logreg", "--train", "cast/one", *data, *leaking, "--crop", 64, "--jobs", 1, "--out", model
    )
    assert code == 0, err
    assert "test0" not in (model / "names.txt").read_text()  # a folder that is passed on names nobody
    evaluate = ("evaluate", model, "--test", "cast/one", *data, "--jobs", 1)
    code, _, err = bench(capsys, *evaluate)
    assert code == 2
    assert "share identity 'test0'" in err
    assert "--drop-leaks" in err
    code, out, err = bench(capsys, *evaluate, "--drop-leaks", "--json", "--scores", tmp_path / "scores")
    assert code == 0, err
    (found,) = json.loads(out)["tests"]
    assert (found["n"], found["coverage"], found["dropped_leaks"]) == (17, 17 / 20, 3)  # test0 twice, and as a donor
    assert "3 test pictures were left out" in err
    table = pq.read_table(tmp_path / "scores" / "cast-one.parquet").to_pandas()
    gone = table[table["status"] != "ok"]
    assert set(gone["item"]) == {"real/test/0", "one/test/0", "one/test/9"}
    assert gone["score"].isna().all()

    (model / "names.txt").unlink()  # as models were kept before
    code, out, err = bench(capsys, *evaluate, "--json")
    assert code == 0
    assert json.loads(out)["tests"][0]["n"] == 20
    assert "does not know its clips and identities" in err


def test_names_in_two_folders_have_nothing_to_do_with_each_other(
    picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = picture_folder("one"), picture_folder("two", first_seed=300)
    for path in sorted(one.glob("*/*.png")) + sorted(two.glob("*/*.png")):
        number = int(path.stem[-3:])
        place = path.parent if path.is_relative_to(one) else two / "test" / path.parent.name
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / f"clip{number // 2}_{number}.png")  # clips of the same names in both
    model = tmp_path / "model"
    train = ("train", "spectral_logreg", "--train", "mine", "--data", f"mine={one}", "--crop", 64, "--jobs", 1)
    assert bench(capsys, *train, "--out", model)[0] == 0
    code, _, err = bench(capsys, "evaluate", model, "--test", "mine", "--data", f"mine={two}", "--jobs", 1)
    assert code == 0, err


# --- split lists -----------------------------------------------------------------------------------------------------


def test_split_lists_are_kept_and_every_row_names_them(picture_folder: Maker, tmp_path: Path) -> None:
    root = picture_folder()
    (root / "real" / "text.png").write_text("cannot be decoded")
    outcome = run(small_study(**(SMALL | {"train": ["mine"]}), test=["mine", "mine+blur"], seeds=2), {"mine": root})
    for row in outcome.rows:
        assert [name.partition("+")[0] for name in row.splits] == ["mine", "mine"]
        assert len(set(row.splits.values())) == 1  # perturbed pictures are split like the plain ones
        assert len(row.split_id) == 8
    (path,) = (tmp_path / "home").glob("studies/*/splits/*.parquet")
    assert path.stem == outcome.rows[0].splits["mine"]
    table = pq.read_table(path).to_pandas()
    assert list(table.columns) == ["draw", "item", "label", "split", "group", "target", "donor", "video"]
    assert len(table) == 2 * 41
    assert "real/text.png" in set(table["item"])
    tests = [set(part.loc[part["split"] == "test", "item"]) for _, part in table.groupby("draw")]
    assert tests[0] == tests[1]
    client = client_for(default_tracking_uri())
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    study = next(one for one in runs if one.data.tags["bandbench.kind"] == "study")
    assert [file.path for file in client.list_artifacts(study.info.run_id, "splits")] == [f"splits/{path.name}"]
    cells = [one for one in runs if one.data.tags["bandbench.kind"] == "cell"]
    assert {one.data.tags["splits"] for one in cells} == {outcome.rows[0].split_id}


def test_rows_with_other_test_pictures_are_marked(picture_folder: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    root = picture_folder()
    study = SMALL | {"train": ["mine"], "test": ["mine"]}
    run(small_study(**study), {"mine": root})
    alone = load_board(default_tracking_uri(), "small")
    assert about_data(as_document("small", alone.rows)["notes"]) == []
    (root / Catalogue({"mine": str(root)}).domain("mine", 0).split("test")[-1].id).unlink()
    run(small_study(**(study | {"detectors": ["spectral_lgbm"]})), {"mine": root})
    board = load_board(default_tracking_uri(), "small")
    assert len({row.split_id for row in board.rows}) == 2
    (note,) = about_data(as_document("small", board.rows)["notes"])
    assert note == "Different test split lists of mine: row 1 against row 2; their AUCs there do not compare."
    print_table(board.rows, "small")
    shown = capsys.readouterr().out
    assert "* Different test split lists of mine" in shown
    assert "1*" in shown
    assert "2*" in shown


def test_other_pictures_under_the_same_names_are_marked(cast: str) -> None:
    run_cast(cast, {"test": ["cast/one"]})
    run_cast(cast, {"test": ["cast/one"], "detectors": ["spectral_lgbm"]}, first=5000, lacks="")
    notes = as_document("small", load_board(default_tracking_uri(), "small").rows)["notes"]
    assert notes[0] == "Different test pictures of cast/one: row 1 against row 2; their AUCs there do not compare."


# --- lookalikes and facts --------------------------------------------------------------------------------------------


def test_pictures_that_look_like_training_pictures_are_left_out(cast: str, tmp_path: Path) -> None:
    outcome = run_cast(cast, {"test": ["cast", "cast/two+blur:sigma=3"], "allow_lookalikes": False})
    row = chosen(outcome)
    coverage = {"cast/one": 1, "cast/two": 0.85, "cast/two+blur:sigma=3": 0.85}
    assert {test.domain: test.coverage for test in row.tests} == coverage
    assert [test.lookalikes for test in row.tests] == [0, 0, 0]
    assert outcome.complete and outcome.problems == []  # they are left out on purpose
    sentence = (
        "cast/two: 3 of 20 test pictures look like pictures that are learned from, which is more than 1%; they are left out "
        "(--allow-lookalikes keeps them and marks the row)."
    )
    assert as_document("small", [row])["notes"].count(sentence) == 1


def test_pictures_that_look_like_training_pictures_are_flagged_and_scored_on_demand(cast: str, tmp_path: Path) -> None:
    row = chosen(run_cast(cast, {"test": ["cast", "cast/two+blur:sigma=3"]}))
    counts = {test.domain: test.lookalikes for test in row.tests}
    assert counts == {"cast/one": 0, "cast/two": 3, "cast/two+blur:sigma=3": 3}
    assert all(test.coverage == 1 for test in row.tests)
    found = cell(row, tmp_path)["lookalikes"]["cast/two"]
    assert found == {"n": 3, "pairs": [[f"two/test/{i}", f"one/train/{i}"] for i in range(3)]}
    document = as_document("small", [row])
    wanted = "Test pictures that look like training or validation pictures: cast/two 3 of 20 (row 1)."
    assert document["notes"][0] == wanted


def test_what_a_data_set_says_of_itself_is_on_the_row(cast: str) -> None:
    row = chosen(run_cast(cast, {"test": ["cast/one"]}))
    assert row.data == {"cast": {"missing": ["988 of 1000 clips"], "preparation": "haar"}}
    (line, *_) = csv.DictReader(io.StringIO(as_csv([row])))
    assert (line["missing"], line["dropped_leaks.train"], line["split_id"]) == ("cast: 988 of 1000 clips", "0", row.split_id)
    (line, *_) = csv.DictReader(io.StringIO(as_tests_csv([row])))
    assert line["test.split_list"] == row.tests[0].split_list
    board = load_board(default_tracking_uri(), "small")
    assert chosen(Outcome(board.rows)).data == row.data
    other = chosen(run_cast(cast, {"test": ["cast/one"]}, lacks="everything else"))
    assert other.data["cast"]["missing"] == ["everything else"]  # and not what an earlier run recorded


def test_a_result_of_before_there_were_split_lists_can_be_read(cast: str, tmp_path: Path) -> None:
    from bandbench.benchmark.results.cell_rows import cell_rows

    row = chosen(run_cast(cast, {"test": ["cast/one"]}))
    path = tmp_path / "home" / "cells" / row.cell / "cell.json"
    document = json.loads(path.read_text())
    for name in ("splits", "split_id", "test_splits", "pictures", "dropped_leaks", "data", "lookalikes"):
        del document[name]
    path.write_text(json.dumps(document | {"schema": 2}))
    (old, *_) = cell_rows(path.parent)
    assert old.in_domain_auc == row.in_domain_auc
    assert (old.splits, old.split_id, old.tests[0].lookalikes) == ({}, "", 0)
    print_table([old, row], "both")
    assert about_data(as_document("both", [old, row])["notes"]) == ["cast is not complete: 988 of 1000 clips."]


def test_a_collection_of_reals_says_how_it_becomes_a_domain(cast: str) -> None:
    study = small_study(**(SMALL | {"train": ["reals/one"]}), test=["procedural/planted"])
    with pytest.raises(DataError, match="reals is a collection of real pictures; give it fakes, or leave the domain out"):
        make_plan(study, Catalogue({cast.replace("Cast", "Reals"): ""}))
