"""The page as a file: complete, quiet, and deaf to what names try to be."""

import base64
import hashlib
import html.parser
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.tracking import client_for, default_tracking_uri
from bandbench.leaderboard.details import Details, load_details, repeat_command, row_id
from bandbench.leaderboard.page import ASSETS, page, payload
from bandbench.leaderboard.rows import Board, load_board
from conftest import run, small_study

Maker = Callable[..., dict[str, Any]]
HOSTILE = (
    "</script><script>window.hurt=1</script>", "<img src=x onerror=window.hurt=1>", "\"'`${window.hurt=1}", "x" * 5000,
    "\u202eتجربة", "a\u2028b\u2029c", "<!--<script>", "&lt;b&gt;<b>bold</b>", "{{ 7 * 7 }}", "\ud800",
)  # fmt: skip


class Elements(html.parser.HTMLParser):
    """Collects elements with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def objects(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = [dict(zip(data["fields"], row, strict=True)) for row in data["rows"]]
    return [row | {name: data["texts"][row[name]] for name in data["pooled"]} for row in found]


def test_no_part_of_the_page_comes_from_elsewhere(row_maker: Maker) -> None:
    elements = Elements(page(Board("made", [row_maker()], []), Details()))
    for tag, attributes in elements.found:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert (attributes.get(name) or "").startswith(("#", "data:")) or name not in attributes, (tag, attributes)
    policy = next(a["content"] for t, a in elements.found if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    code = [text for attributes, text in elements.scripts if "type" not in attributes]
    digests = {f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in code}
    script_rule = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert set(script_rule.split()[1:]) == digests
    assert "sourceMappingURL" not in "".join(code)


def test_libraries_come_with_their_licences() -> None:
    for path in ASSETS.glob("*.js"):
        assert "MIT license" in path.read_text(encoding="utf-8")[:600]
        assert "Permission is hereby granted" in (ASSETS / f"{path.name.split('.')[0]}.LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_stay_text(row_maker: Maker, test_maker: Maker, name: str) -> None:
    row = row_maker(name, name, study=name, worst_domain=name, gaps=[name], data={name: {"missing": [name]}})
    row["tests"] = [test_maker(name, 0.9), test_maker("set/b", 0.8)]
    details = Details(cells={row["run_id"]: {"parameters": {name: name}, "view": name, "command": name}})
    quiet = Elements(page(Board("made", [row_maker()], []), Details()))
    text = page(Board(name, [row], [name]), details, "https://server")
    assert len(Elements(text).scripts) == len(quiet.scripts)
    assert {t for t, _ in Elements(text).found} == {t for t, _ in quiet.found}
    (found,) = objects(data_of(text))
    assert (found["detector"], found["study"], found["view"]) == (name, name, name)
    text.encode("utf-8")


def test_what_is_undefined_is_null_and_what_was_not_tested_is_told(row_maker: Maker) -> None:
    home = row_maker("home", domains=("set/a", "set/b"), cross_domain_auc=math.nan, oracle_auc=math.inf)
    data = data_of(page(Board("made", [row_maker(), home], []), Details()))
    found = objects(data)[1]
    assert (found["cross_domain_auc"], found["oracle_auc"]) == (None, None)
    assert [data["domains"][i] for i in found["missing"]] == ["set/c"]
    assert objects(data)[0]["missing"] == []
    assert found["set"] != objects(data)[0]["set"]


def test_ranks_and_threshold_transfer_of_the_rows_are_taken(row_maker: Maker) -> None:
    told = {"rank_low": 1, "rank_high": 2, "tie_group": 1, "rank_reason": ""}
    transfer = [{"domain": "set/b", "false_alarms": 0.25, "detections": 0.5}]
    board = Board("made", [row_maker(**told, threshold_transfer=transfer), row_maker("b")], [])
    first, second = objects(payload(board, Details()))
    assert {name: first[name] for name in told} == told
    assert first["threshold_transfer"] == transfer
    assert second["rank_low"] is None
    assert "rank_low" not in payload(Board("made", [row_maker()], []), Details())["fields"]


def test_a_page_without_rows() -> None:
    data = data_of(page(Board("made", [], ["run 1: no scores"]), Details()))
    assert data["rows"] == []
    assert data["refused"] == ["run 1: no scores"]


def test_a_row_takes_little_of_the_page(row_maker: Maker) -> None:
    few, many = (page(Board("made", [row_maker(f"d{i}") for i in range(n)], []), Details()) for n in (300, 1300))
    assert (len(many) - len(few)) / 1000 < 700
    assert len(few) < 2_000_000


def test_without_scripts_there_is_a_table(row_maker: Maker) -> None:
    text = page(Board("made", [row_maker("<i>x</i>", in_domain_auc=math.nan)], []), Details())
    static = text[text.index("<noscript>") : text.index("</noscript>")]
    assert "&lt;i&gt;x&lt;/i&gt;" in static
    assert "not measured" in static
    assert "0.800 (0.780–0.820)" in static


def test_the_command_survives_the_shell() -> None:
    import shlex

    document = {
        "study": "a b",
        "detector": "$(x)",
        "train": "'q'",
        "tests": ["t;u", "t;u+jpeg:quality=5"],
        "seed": 3,
        "seeds": 2,
    }
    words = shlex.split(repeat_command(document))
    assert words == [
        "bench",
        "run",
        "--study",
        "a b",
        "--detector",
        "$(x)",
        "--train",
        "'q'",
        "--test",
        "t;u",
        "--seed",
        "3",
        "--seeds",
        "2",
    ]


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
    assert sorted((row["rank_low"], row["rank_high"]) for row in ranked) in ([(1, 1), (2, 2)], [(1, 2), (1, 2)])

    row = next(row for row in rows if row["detector"] == "spectral_svm")
    detail = data["details"][row["id"]]
    auc = {data["domains"][test[0]]: test[1] for test in row["tests"]}
    for domain, one in detail["domains"].items():
        assert np.trapezoid(one["roc"], data["rates"]) == pytest.approx(auc[domain], abs=0.03)
    assert data["spectra"][row["run_id"]].startswith("data:image/webp;base64,")
    assert [one["domain"] for one in row["threshold_transfer"]] == ["mine", "yours"]
    cell = data["cells"][row["run_id"]]
    assert cell["command"].startswith("bench run --study small --detector spectral_svm --train mine")
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


def test_details_without_score_files(picture_folder: Callable[..., Path]) -> None:
    """A row whose scores went missing after the board was read has no curves and no rank, and the page is made."""
    import shutil

    run(small_study(sweep=None, search={"trials": 0}), {"mine": picture_folder()})
    uri = default_tracking_uri()
    board = load_board(uri, "small")
    for scores in Path(uri.removeprefix("sqlite:///")).parent.glob("artifacts/**/scores"):
        shutil.rmtree(scores)
    details = load_details(uri, "small", board.rows)
    assert details.rows == {}
    assert details.cells[board.rows[0]["run_id"]]["view"] == "profile"
    assert "spectral_svm" in page(board, details, uri)
