"""The per-item CSV, there and back."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest

from bandbench.benchmark.domains.names import REALS
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.results.scores import SCORE_SCHEMA
from bandbench.leaderboard.submissions.generators import domain_of
from bandbench.leaderboard.submissions.score_csv import parts_of, read_score_csv, score_csv

NASTY = ("=1+1", "+1", "-1", "@x", "'", "'=x", "''+x", "'plain", 'a,b\n"c"', "\t=x", "\r=x", " =x", "ü/ö.png", "")


def test_the_csv_of_any_text_comes_back_and_holds_no_formula(tmp_path: Path) -> None:
    domains = ["ffpp/Deepfakes@c23", "ffpp/Deepfakes@c23+jpeg:quality=50", "=set/a", "set"]
    rows = [
        {
            "domain": domain,
            "item": item,
            "label": i % 2,
            "score": s,
            "status": "ok" if s is not None else "error",
            "split": "test",
        }
        for i, (item, s) in enumerate(zip(NASTY, [0.1 + 0.2, -1e-300, None, 3.0] * 4, strict=False))
        for domain in domains
    ]
    table = pa.Table.from_pylist([{**dict.fromkeys(SCORE_SCHEMA.names), **row} for row in rows], schema=SCORE_SCHEMA)
    text = score_csv(table)
    for line in csv.DictReader(io.StringIO(text, newline="")):
        assert not any(line[name].startswith(("=", "+", "-", "@", "\t", "\r")) for name in ("dataset", "key", "compression"))
    (tmp_path / "x.csv").write_text(text, encoding="utf-8", newline="")
    back = read_score_csv(tmp_path / "x.csv").to_pylist()
    assert [(r["domain"], r["item"]) for r in back] == [(r["domain"], r["item"]) for r in rows]
    assert [float(r["score"]) if r["score"] else None for r in back] == [r["score"] for r in rows]


@pytest.mark.parametrize(
    ("dataset", "compression", "domain"),
    [
        ("ffpp/Deepfakes", "c23", "ffpp/Deepfakes@c23"),
        ("ffpp/Deepfakes", "", "ffpp/Deepfakes"),
        ("ffpp/Deepfakes@c40", "c23", "ffpp/Deepfakes@c40"),
        ("set/a+noise:sd=10", "c23", "set/a@c23+noise:sd=10"),
    ],
)
def test_data_set_and_compression_name_a_domain(dataset: str, compression: str, domain: str) -> None:
    assert domain_of(dataset, compression) == domain
    assert domain_of(*parts_of(domain)) == domain


def test_validation_scores_have_a_seventh_column() -> None:
    rows = [
        {"domain": "set", "item": split, "label": 1, "score": 0.5, "status": "ok", "split": split} for split in ("test", "val")
    ]
    table = pa.Table.from_pylist([{**dict.fromkeys(SCORE_SCHEMA.names), **row} for row in rows], schema=SCORE_SCHEMA)
    assert score_csv(table) == "dataset,key,compression,label,score,status\nset,test,,fake,0.5,ok\n"
    assert score_csv(table, validation=True).splitlines() == [
        "dataset,key,compression,label,score,status,split",
        "set,test,,fake,0.5,ok,test",
        "set,val,,fake,0.5,ok,val",
    ]


def test_reals_of_sources_are_exported_with_their_source_and_come_back(tmp_path: Path) -> None:
    parts = [("set/gan", "test", "f", 1), ("set/gan", "test", "r", 0), ("ffhq+jpeg:quality=75", REALS, "a", 0)]
    rows = [
        {"domain": domain, "item": item, "label": label, "score": 0.5, "status": "ok", "split": split}
        for domain, split, item, label in parts
    ]
    table = pa.Table.from_pylist([{**dict.fromkeys(SCORE_SCHEMA.names), **row} for row in rows], schema=SCORE_SCHEMA)
    text = score_csv(table, validation=True)
    assert text.splitlines()[0] == "dataset,key,compression,label,score,status,split,source"
    assert text.splitlines()[3] == ",a,,real,0.5,ok,test,ffhq+jpeg:quality=75"
    (tmp_path / "x.csv").write_text(text)
    back = read_score_csv(tmp_path / "x.csv").to_pylist()
    assert sorted((row["domain"], row["split"], row["item"]) for row in back) == sorted(part[:3] for part in parts)


def test_a_generator_may_stand_for_the_data_set_and_nothing_else_may(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("generator,key,score\nsd,a,0.5\n")
    assert read_score_csv(tmp_path / "x.csv").to_pylist()[0]["domain"] == "sd"
    (tmp_path / "y.csv").write_text("source,key,score\nffhq,a,0.5\n")
    with pytest.raises(DataError, match="lacks the columns dataset"):
        read_score_csv(tmp_path / "y.csv")
