"""The per-item CSV, there and back."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest

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
