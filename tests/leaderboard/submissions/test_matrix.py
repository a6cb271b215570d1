"""Score matrices of other benchmarks: columns, labels, and cells that are refused by line and column."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.matrix import MatrixColumns, ScoreMatrix, read_matrix

DEFAULT = MatrixColumns()


def read(folder: Path, text: str, columns: MatrixColumns = DEFAULT, name: str = "m.csv") -> ScoreMatrix:
    (folder / name).write_text(text, encoding="utf-8")
    return read_matrix(folder / name, columns)


def test_columns_are_found_under_common_names(tmp_path: Path) -> None:
    matrix = read(tmp_path, "Path,is_fake,note,CNNSpot,UnivFD\na,1,x,0.9,-3\nb,0,y,0.1,4e-2\n")
    assert matrix.columns == {"id": "path", "label": "is_fake"} and matrix.ignored == ("note",)
    assert {name: list(scores) for name, scores in matrix.scores.items()} == {"CNNSpot": [0.9, 0.1], "UnivFD": [-3.0, 0.04]}
    assert matrix.lines["label"].to_pylist() == ["fake", "real"]


def test_named_columns_take_the_place_of_common_ones(tmp_path: Path) -> None:
    text = "id,label,Bild,Klasse,A\n1,2,a,echt,0.5\n3,4,b,falsch,0.6\n"
    matrix = read(tmp_path, text, MatrixColumns(id="bild", label="Klasse", fake_label="Falsch"))
    assert matrix.lines["key"].to_pylist() == ["a", "b"] and matrix.lines["label"].to_pylist() == ["real", "fake"]
    assert list(matrix.scores) == ["id", "label", "A"]


def test_tabs_and_decimal_commas(tmp_path: Path) -> None:
    matrix = read(tmp_path, "id\tlabel\tA\tB\na\t1\t0,25\t3\nb\t0\t-1,5\t4\n", name="m.tsv")
    assert {name: list(scores) for name, scores in matrix.scores.items()} == {"A": [0.25, -1.5], "B": [3.0, 4.0]}


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    columns = {"image": ["a", "b"], "label": pa.array([1, 0]), "A": pa.array([0.5, None], pa.float32()), "B": pa.array([1, 2])}
    pq.write_table(pa.table(columns), tmp_path / "m.parquet")
    matrix = read_matrix(tmp_path / "m.parquet", DEFAULT)
    assert matrix.lines["label"].to_pylist() == ["fake", "real"]
    np.testing.assert_array_equal(matrix.scores["A"], [0.5, np.nan])
    np.testing.assert_array_equal(matrix.scores["B"], [1, 2])


def test_a_missing_score_stays_missing(tmp_path: Path) -> None:
    matrix = read(tmp_path, "id,label,A\na,1,\nb,0,nan\nc,0,1\nd,1,NULL\n")
    table = matrix.table("A", "set")
    assert table["status"].to_pylist() == ["missing", "missing", "ok", "missing"]
    assert table["score"].to_pylist() == [None, None, 1.0, None]


def test_scores_of_which_lower_is_more_fake_are_turned(tmp_path: Path) -> None:
    matrix = read(tmp_path, "id,label,A\na,1,-2\nb,0,3\n")
    assert matrix.table("A", "set", negated=True)["score"].to_pylist() == [2.0, -3.0]


def test_generators_are_domains_and_names_of_other_reals_are_sources(tmp_path: Path) -> None:
    text = "id,label,generator,A\na,1,SD/1.4,3\nb,0,SD/1.4,4\nc,1,DALL E,5\nd,0,coco,6\ne,0,ffhq,6\nf,0,coco,7\n"
    matrix = read(tmp_path, text)
    assert matrix.lines["generator"].to_pylist() == ["SD-1.4", "SD-1.4", "DALL-E", "", "", ""]
    assert matrix.lines["source"].to_pylist() == ["", "", "", "coco", "ffhq", "coco"]
    assert matrix.domains("set") == {"set/SD-1.4": (1, 1), "set/DALL-E": (1, 3)}


def test_a_column_of_sources_is_of_the_reals(tmp_path: Path) -> None:
    matrix = read(tmp_path, "id,label,generator,source,A\na,1,SD,laion,3\nb,0,real,coco,4\nc,0,,ffhq,4\n")
    assert matrix.lines["source"].to_pylist() == ["", "coco", "ffhq"]
    assert matrix.domains("set") == {"set/SD": (1, 2)}


def test_training_pictures_are_left_out(tmp_path: Path) -> None:
    matrix = read(tmp_path, "id,label,split,A\na,1,test,3\nb,0,,4\na,1,train,9\nc,0,valid,5\n")
    assert matrix.n_training == 1 and list(matrix.scores["A"]) == [3.0, 4.0, 5.0]
    assert matrix.lines["split"].to_pylist() == ["test", "test", "val"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,label,A\na,1,0.5\nb,0,=1+1\n", r"line 3, column 'A': '=1\+1' is no number .* It is a formula"),
        ("\n\nid,label,A\na,1,0.5\n\nb,0,high\n", r"line 6, column 'A': 'high' is no number"),
        ('id,label,A\n"a\nb",1,0.5\nc,0,x\n', r"line 4, column 'A': 'x' is no number"),
        ("id,label,A\na,1,0.5\nb,0,1_0\n", r"line 3, column 'A': '1_0' is no number"),
        ("id,label,A\na,1,0.5\nb,perhaps,1\n", r"line 3, column 'label': the label 'perhaps' is unknown.*--fake-label"),
        ("id,label,A\na,1,0.5\nb,,1\n", r"line 3, column 'label': the label '' is unknown"),
        ("id,label,A\na,1,0.5\n,0,1\n", r"line 3: the column 'id' is empty"),
        ("id,label,A\na,1,0.5\nb,0,1\na,1,0.5\n", r"line 4: the id 'a' was there before, in line 2"),
        ("id,label,A\na,1,0.5\nb,1,1\n", "has only fakes"),
        ("id,label,note\na,1,x\nb,0,y\n", "no column of scores beside id, label"),
        ("name,label,A\na,1,0.5\nb,0,1\n", "no column for the id of a picture.*it has name, label, A. --id-column NAME"),
        ("id,A\na,1\nb,0\n", "no column for the label of a picture.*--label-column NAME"),
        ("id,label,generator,A\na,1,,0.5\nb,0,,1\n", r"line 2, column 'generator': a fake has no generator"),
        ("id,label,generator,A\na,1,s/d,1\nb,1,s@d,1\nc,0,,1\n", "the generators 's/d', 's@d' would both be 's-d'"),
        ("id,label,split,A\na,1,dev,0.5\nb,0,,1\n", r"line 2, column 'split': the split 'dev' is unknown"),
        ("id,label,A\n", "has no rows"),
    ],
)
def test_what_cannot_be_read_is_told_by_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_an_option_with_a_wrong_name_names_the_columns(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--source-column: unknown column 'orign'. Did you mean 'origin'\?"):
        read(tmp_path, "id,label,origin,A\na,1,x,0.5\nb,0,y,1\n", MatrixColumns(source="orign"))


def test_columns_of_scores_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("id,label,width,A\na,1,64,0.5\nb,0,64,1\n")
    assert list(read_matrix(tmp_path / "m.csv", DEFAULT, ["A"]).scores) == ["A"]
    with pytest.raises(DataError, match="unknown column of scores 'B'"):
        read_matrix(tmp_path / "m.csv", DEFAULT, ["B"])
