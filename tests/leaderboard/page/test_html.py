"""The page as a file: complete, without requests, and safe against names that look like HTML."""

import base64
import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.results.rows import SubmissionFacts
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard.page.details import Details, row_id
from bandbench.leaderboard.page.html import ASSETS, origin, page
from bandbench.leaderboard.rows import Board, load_board
from conftest import run, small_study
from made_pages import Elements, data_of, objects, unpacked

Maker = Callable[..., Any]


HOSTILE = (
    "</script><script>window.hurt=1</script>", "<img src=x onerror=window.hurt=1>", "\"'`${window.hurt=1}", "x" * 5000,
    "\u202eتجربة", "a\u2028b\u2029c", "<!--<script>", "&lt;b&gt;<b>bold</b>", "{{ 7 * 7 }}", "\ud800",
)  # fmt: skip


def test_no_part_of_the_page_comes_from_elsewhere(row_maker: Maker) -> None:
    elements = Elements(page(Board("made", [row_maker()], []), Details()))
    for tag, attributes in elements.found:
        for name in {"src", "href", "srcset", "data", "action", "poster"} & set(attributes):
            assert str(attributes[name]).startswith(("#", "data:")), (tag, attributes)
    policy = next(a["content"] for t, a in elements.found if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    code = [text for attributes, text in elements.scripts if attributes.get("type") in (None, "module")]
    libraries = [unpacked(text) for attributes, text in elements.scripts if str(attributes.get("id")).endswith("-library")]
    assert (len(code), len(libraries)) == (2, 2)
    digests = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in code + libraries}
    script_rule = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert set(script_rule.split()[1:]) == digests
    assert "sourceMappingURL" not in "".join(code + libraries)


def test_libraries_come_with_their_licences() -> None:
    for path in ASSETS.glob("*.js"):
        assert "MIT license" in path.read_text(encoding="utf-8")[:600]
        assert "Permission is hereby granted" in (ASSETS / f"{path.name.split('.')[0]}.LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_stay_text(row_maker: Maker, test_maker: Maker, name: str) -> None:
    tests = [test_maker(name, 0.9), test_maker("set/b", 0.8)]
    row = row_maker(name, name, study=name, worst_domain=name, gaps=[name], data={name: {"missing": [name]}}, tests=tests)
    details = Details(cells={row.run_id: {"parameters": {name: name}, "view": name, "command": name}})
    quiet = Elements(page(Board("made", [row_maker()], []), Details()))
    text = page(Board(name, [row], [name]), details, "https://server")
    assert len(Elements(text).scripts) == len(quiet.scripts)
    assert {t for t, _ in Elements(text).found} == {t for t, _ in quiet.found}
    (found,) = objects(data_of(text))
    assert (found["detector"], found["study"], found["view"]) == (name, name, name)
    text.encode("utf-8")


def test_a_page_without_rows() -> None:
    data = data_of(page(Board("made", [], ["run 1: no scores"]), Details()))
    assert data["columns"] == []
    assert data["refused"] == ["run 1: no scores"]


def test_a_row_takes_little_of_the_page(row_maker: Maker) -> None:
    few, many = (page(Board("made", [row_maker(f"d{i}") for i in range(n)], []), Details()) for n in (300, 1300))
    assert (len(many) - len(few)) / 1000 < 150
    assert len(few) < 850_000


def test_what_is_nearly_complete_does_not_look_complete(row_maker: Maker) -> None:
    board = Board("made", [row_maker(coverage=0.99999999), row_maker("b", coverage=1.0), row_maker("c", coverage=0.12344)], [])
    assert [row["coverage"] for row in objects(data_of(page(board, Details())))] == [0.999999, 1.0, 0.12344]


def test_without_scripts_there_is_a_table(row_maker: Maker) -> None:
    text = page(Board("made", [row_maker("<i>x</i>", in_domain_auc=math.nan)], []), Details())
    start = text.index('<section id="plain"')
    static = text[start : text.index("</section>", start)]
    assert "&lt;i&gt;x&lt;/i&gt;" in static
    assert "not measured" in static
    assert "0.800 (0.780–0.820)" in static
    assert "recorded here" in static
    assert "html:not(.scripted) .needs-scripts" in text


def test_where_scores_come_from_is_told(row_maker: Maker) -> None:
    told = SubmissionFacts("theirs", authors="</script>, b", notes=("<b>",))
    submitted = [
        row_maker(str(verified), run_id=f"submission:{verified}", source="submitted", verified=verified, submission=told)
        for verified in (False, True)
    ]
    text = page(Board("made", [row_maker(), *submitted], []), Details())
    assert [origin(row) for row in (row_maker(), *submitted)] == ["recorded here", "submitted", "submitted, verified"]
    assert all(row["submission"] == told.to_json() for row in objects(data_of(text))[1:])
    assert objects(data_of(text))[0]["submission"] is None
    assert text.count("<td>submitted, verified</td>") == 1


def test_page_of_a_recorded_study(
    picture_folder: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = {"mine": picture_folder(n=30), "yours": picture_folder("other", n=30, first_seed=500)}
    run(small_study(detectors=["spectral_svm", "coin_flip"], test=["mine", "yours"]), folders)
    file = tmp_path / "page.html"
    with pytest.raises(SystemExit) as stop:
        main(["leaderboard", "--study", "small", "--html", str(file), "--log"])
    assert stop.value.code == 0
    text = file.read_text(encoding="utf-8")
    data, uri = data_of(text), default_tracking_uri()
    rows = objects(data)
    board = load_board(uri, "small")
    assert [row["id"] for row in rows] == [row_id(row) for row in board.rows]
    assert {row["view"] for row in rows} == {"profile"}
    ranked = [row for row in rows if row["role"] == "chosen"]
    assert {row["detector"]: row["rank_reason"] for row in ranked} == {"spectral_svm": "one draw", "coin_flip": "control"}
    assert {place["detector"]: place["reason"] for place in data["ranking"]} == {
        "spectral_svm": "one draw",
        "coin_flip": "control",
    }

    row = next(row for row in rows if row["detector"] == "spectral_svm")
    detail = data["details"][row["id"]]
    auc = {data["domains"][test["domain"]]: test["auc"] for test in row["tests"]}
    for domain, one in detail["domains"].items():
        assert np.trapezoid(one["roc"], data["rates"]) == pytest.approx(auc[domain], abs=0.03)
    assert data["spectra"][row["run_id"]].startswith("data:image/webp;base64,")
    assert [one["domain"] for one in row["threshold_transfer"]] == ["mine", "yours"]
    cell = data["cells"][row["run_id"]]
    assert cell["command"].startswith("bench run --study small.yaml --detector spectral_svm --train mine")
    assert len(cell["sweep"]) > 5
    assert cell["page"].endswith(f"/runs/{row['run_id']}")

    client = client_for(uri)
    (kept,) = client.search_runs(
        [client.get_experiment_by_name("small").experiment_id], "tags.`bandbench.kind` = 'leaderboard'"
    )
    stored = client.download_artifacts(kept.info.run_id, "leaderboard.html", str(tmp_path))
    assert Path(stored).read_text(encoding="utf-8") == text
    assert len(load_board(uri, "small").rows) == len(rows)  # the page's own run is no cell

    for argument in (["--html", str(tmp_path / "no" / "page.html")], ["--log"]):
        with pytest.raises(SystemExit) as stop:
            main(["leaderboard", "--study", "small", *argument])
        assert stop.value.code == 2
    assert "--log keeps the page in MLflow" in capsys.readouterr().err
