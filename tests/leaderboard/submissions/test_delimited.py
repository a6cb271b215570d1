"""Score files as people and spreadsheets write them: what is read, and the sentence where it cannot be."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.delimited import with_decimal_points
from bandbench.leaderboard.submissions.score_csv import COLUMNS
from bandbench.leaderboard.submissions.score_files import read_score_file

PLAIN = "dataset,key,compression,label,score,status\nmine,real/ä.png,,real,0.25,ok\nmine,b.png,c23,fake,-1.5e-3,\n"
WANTED = [
    {"domain": "mine", "item": "real/ä.png", "label": 0, "score": 0.25, "status": "ok"},
    {"domain": "mine@c23", "item": "b.png", "label": 1, "score": -0.0015, "status": "ok"},
]


def read(path: Path) -> list[dict[str, object]]:
    table, findings = read_score_file(path)
    assert not findings
    return table.select(list(WANTED[0])).to_pylist()


def german(text: str) -> str:
    return text.replace(",", ";").replace("0.25", "0,25").replace("-1.5e-3", "-0,0015")


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (PLAIN, ".csv"),
        (
            PLAIN.upper()
            .replace("MINE", "mine")
            .replace("REAL/Ä.PNG", "real/ä.png")
            .replace("B.PNG", "b.png")
            .replace("C23", "c23"),
            ".csv",
        ),
        (PLAIN.replace("dataset,key", "Dataset , KEY").replace("label", ' "Label"'.strip()), ".csv"),
        (PLAIN.replace(",", ";"), ".csv"),
        (german(PLAIN), ".csv"),
        (german(PLAIN).replace("\n", "\r\n") + ";;;;;\r\n\r\n", ".csv"),
        ("sep=;\r\n" + german(PLAIN).replace("\n", "\r\n"), ".csv"),
        (PLAIN.replace(",", "\t"), ".tsv"),
        (PLAIN.replace(",", "\t"), ".csv"),
        (german(PLAIN).replace(";", "\t"), ".txt"),
        (PLAIN.replace(",", "|"), ".txt"),
        (re.sub(r"[^,\n]+", r'"\g<0>"', PLAIN), ".csv"),
        (PLAIN.replace("\n", ",\n").replace("status,", "status,"), ".csv"),  # a separator at the end of every line
        (PLAIN.replace("\n", "\r"), ".csv"),
        ("\n" + PLAIN, ".csv"),
        (
            "note,dataset,key,compression,label,score,status\n" + "".join(f"x,{line}\n" for line in PLAIN.split("\n")[1:3]),
            ".csv",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_what_is_plain_is_read(tmp_path: Path, content: str, suffix: str, encoding: str) -> None:
    path = tmp_path / f"scores{suffix}"
    path.write_bytes(content.encode(encoding))
    assert read(path) == WANTED


def test_text_that_holds_the_separator_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text('dataset;key;score\nmine;"a;b\nc.png";0,5\n')
    table, _ = read_score_file(path)
    assert (table["item"].to_pylist(), table["score"].to_pylist()) == (["a;b\nc.png"], [0.5])


def test_a_comma_is_decimal_only_where_no_number_has_a_point() -> None:
    assert with_decimal_points(["0,5", "1", "-3,2e-4", "x", ""]) == ["0.5", "1", "-3.2e-4", "x", ""]
    assert with_decimal_points(["1,250.5", "0,5"]) == ["1,250.5", "0,5"]
    assert with_decimal_points(["1,250,000"]) == ["1,250,000"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "s.csv cannot be read as CSV: it is empty; wanted the columns dataset,key,compression,label,score,status"),
        (b"\xef\xbb\xbf \n", "it is empty"),
        (b"PAR1xxxx", "it is a Parquet file; name it .parquet"),
        (b"PK\x03\x04xx", "a workbook; save the sheet as CSV"),
        (PLAIN.encode("latin-1"), r"s.csv is not UTF-8 text \(line 2\); save it as CSV in UTF-8"),
        (b"dataset;key;label\nmine;a;1\n", r"lacks the columns score; wanted dataset,.* got dataset,key,label \(line 1\)"),
        (b"dataset key score\nmine a 1\n", "lacks the columns .* Columns are separated by commas, semicolons or tabs"),
        (b"dataset;key;Score;score\nmine;a;1;2\n", r"has a column twice \(score\)"),
        (b"dataset;key;score\nmine;a;1\nmine;b\n", "line 3 has 2 cells, and the head has 3 columns, separated by a semicolon"),
        (
            b'dataset,key,score\nmine,"a\nb",1\nmine,b,1,2\n',
            "line 4 has 4 cells, and the head has 3 columns",
        ),
        (b'dataset,key,score\nmine,a,1\nmine,"b,1\n', "line 3 holds a double quote that is not closed"),
        (b"dataset,key,score\nmine,a,1\n,b,1\n", r"a row names no domain \(row 2 below the head, 1 in all\)"),
        (b"dataset;key;score\n", "has no rows; wanted one per test picture"),
    ],
)
def test_what_is_not_plain_is_said_in_the_users_words(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refused:
        read_score_file(path)
    assert not re.search(r"(?i)arrow|parser|expected \d|columns, got \d", str(refused.value))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"score": [[0.5]]}, "the column score holds list<.*>; wanted numbers, one value a row"),
        ({"score": [True]}, "the column score holds bool; wanted numbers"),
        ({"item": [{"a": 1}]}, "the column item holds struct<.*>; wanted text"),
        ({"domain": [b"\xff\xfe"]}, "the column domain holds bytes that are no UTF-8 text"),
    ],
)
def test_parquet_of_other_types(tmp_path: Path, columns: dict[str, list], message: str) -> None:
    path = tmp_path / "s.parquet"
    pq.write_table(pa.table({"domain": ["mine"], "item": ["a"], "score": [0.5], **columns}), path)
    with pytest.raises(DataError, match=message):
        read_score_file(path)


def test_parquet_whose_types_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    label = pa.array([0.0, 1.0])
    domain = pa.array(["mine", "mine"]).dictionary_encode()
    scores = pa.array(["0.25", "1e-3"])
    pq.write_table(pa.table({"domain": domain, "item": pa.array([b"7", b"8"]), "label": label, "score": scores}), path)
    table, findings = read_score_file(path)
    assert findings == []
    assert table.select(["domain", "item", "label", "score"]).to_pylist() == [
        {"domain": "mine", "item": "7", "label": 0, "score": 0.25},
        {"domain": "mine", "item": "8", "label": 1, "score": 0.001},
    ]


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "s.parquet").write_bytes(b"")
    with pytest.raises(DataError, match="s.parquet cannot be read as Parquet: it is empty; wanted the columns domain, "):
        read_score_file(tmp_path / "s.parquet")
    (tmp_path / "s.parquet").write_text(PLAIN)
    with pytest.raises(DataError, match=r"it is no Parquet file \(a table of text is named .csv\)"):
        read_score_file(tmp_path / "s.parquet")
    (tmp_path / "s.parquet").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(DataError, match="it is damaged or not whole; write it again"):
        read_score_file(tmp_path / "s.parquet")
    for name in ("folder.csv", "folder.parquet"):
        (tmp_path / name).mkdir()
        with pytest.raises(DataError, match=f"{name} is a folder; scores come as a file"):
            read_score_file(tmp_path / name)
    for name in ("absent.csv", "absent.parquet"):
        with pytest.raises(DataError, match=r"cannot be read \(No such file or directory\)"):
            read_score_file(tmp_path / name)
    with pytest.raises(DataError, match=r"scores come as .parquet or .csv, got .xlsx"):
        read_score_file(tmp_path / "s.xlsx")


def test_many_rows_are_read_as_a_block(tmp_path: Path) -> None:
    """Numbers survive to the last bit, whatever the separator."""
    scores = np.random.default_rng(0).normal(size=2000)
    path = tmp_path / "s.csv"
    path.write_text(
        ";".join(COLUMNS)
        + "\n"
        + "".join(f"mine;{i};;{i % 2};{str(x).replace('.', ',')};\n" for i, x in enumerate(scores.tolist()))
    )
    table, _ = read_score_file(path)
    np.testing.assert_array_equal(table["score"].to_numpy(), scores)
