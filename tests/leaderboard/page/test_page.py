"""The page as a file: complete, quiet, and deaf to what names try to be."""

import base64
import gzip
import hashlib
import html.parser
import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.metrics.detection import Interval
from bandbench.benchmark.results.cell_document import CellDocument
from bandbench.benchmark.results.rows import SubmissionFacts
from bandbench.benchmark.tracking import client_for, default_tracking_uri
from bandbench.leaderboard.page.details import Details, load_details, repeat_command, row_id
from bandbench.leaderboard.page.page import ASSETS, origin, page, payload, without_addresses
from bandbench.leaderboard.rows import Board, load_board
from bandbench.leaderboard.transfer.domains import Transfer
from conftest import run, small_study

Maker = Callable[..., Any]
MINIMAL = {
    "schema": 2, "key": "k", "study": "s", "study_key": "", "detector": "d", "detector_identity": {}, "train": "t",
    "tests": [], "seed": 0, "seeds": 1, "attempt": 0, "bootstrap": 10, "crop": None, "band": {}, "rule": "", "evidence": None,
    "trials": [], "tested": [], "decode_ms": 0.0, "gaps": [], "finished": 0.0,
}  # fmt: skip
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
    found = re.search(r'<script type="application/octet-stream" id="payload">([A-Za-z0-9+/=]*)</script>', text)
    assert found
    return json.loads(unpacked(found[1]))


def unpacked(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode()


def objects(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = [dict(zip(data["fields"], row, strict=True)) for row in zip(*data["columns"], strict=True)]
    tests = iter([dict(zip(data["tests"], values, strict=True)) for values in zip(*data["tests"].values(), strict=True)])
    found = [row | {"tests": [next(tests) for _ in range(row["tests"])]} for row in found]
    assert not list(tests)
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


def test_what_is_undefined_is_null_and_what_was_not_tested_is_told(row_maker: Maker) -> None:
    home = row_maker("home", domains=("set/a", "set/b"), cross_domain_auc=math.nan, oracle_auc=math.inf)
    data = data_of(page(Board("made", [row_maker(), home], []), Details()))
    found = objects(data)[1]
    assert (found["cross_domain_auc"], found["oracle_auc"]) == (None, None)
    assert [data["domains"][i] for i in found["missing"]] == ["set/c"]
    assert objects(data)[0]["missing"] == []
    assert found["set"] != objects(data)[0]["set"]


def test_ranks_and_threshold_transfer_are_taken(row_maker: Maker) -> None:
    told = {"rank_low": 1, "rank_high": 2, "tie_group": 1, "rank_reason": ""}
    transfer = Transfer("set/b", Interval(0.25, 0.2, 0.3, 0.1), Interval(0.5, 0.4, 0.6, 0.1), 0.1, 0.2, 10, 10)
    board = Board("made", [row_maker(**told), row_maker("b")], [])
    first, second = objects(payload(board, Details(transfers={row_id(board.rows[0]): [transfer]})))
    assert {name: first[name] for name in told} == told
    (carried,) = first["threshold_transfer"]
    assert (carried["domain"], carried["false_alarms"], carried["detections_hi"]) == ("set/b", 0.25, 0.6)
    assert second["threshold_transfer"] is None
    assert second["rank_low"] is None
    assert "rank_low" not in payload(Board("made", [row_maker()], []), Details())["fields"]


def test_a_page_without_rows() -> None:
    data = data_of(page(Board("made", [], ["run 1: no scores"]), Details()))
    assert data["columns"] == []
    assert data["refused"] == ["run 1: no scores"]


def test_a_row_takes_little_of_the_page(row_maker: Maker) -> None:
    few, many = (page(Board("made", [row_maker(f"d{i}") for i in range(n)], []), Details()) for n in (300, 1300))
    assert (len(many) - len(few)) / 1000 < 150
    assert len(few) < 800_000


def test_what_is_nearly_complete_does_not_look_complete(row_maker: Maker) -> None:
    board = Board("made", [row_maker(coverage=0.99999999), row_maker("b", coverage=1.0), row_maker("c", coverage=0.12344)], [])
    assert [row["coverage"] for row in objects(data_of(page(board, Details())))] == [0.999999, 1.0, 0.12344]


def test_without_scripts_there_is_a_table(row_maker: Maker) -> None:
    text = page(Board("made", [row_maker("<i>x</i>", in_domain_auc=math.nan)], []), Details())
    static = text[text.index('<section id="plain"') : text.index("</section>")]
    assert "&lt;i&gt;x&lt;/i&gt;" in static
    assert "not measured" in static
    assert "0.800 (0.780–0.820)" in static
    assert "recorded here" in static
    assert "html:not(.scripted) .needs-scripts" in text


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("run 1: score file /home/a/b c/scores/00-chosen-0.parquet cannot be read", "00-chosen-0.parquet cannot be read"),
        ("nothing in sqlite:////srv/x/mlflow.db", "nothing in mlflow.db"),
        ("file:///srv/x/mlruns is gone", "mlruns is gone"),
        ("C:\\Users\\me\\runs\\cell.json is damaged", "cell.json is damaged"),
    ],
)
def test_no_folder_of_the_machine_is_told(row_maker: Maker, message: str, told: str) -> None:
    row = row_maker(rank_low=None, rank_high=None, tie_group=None, rank_reason=message, gaps=[message])
    data = payload(Board("made", [row], [message]), Details(), "sqlite:////srv/x/mlflow.db")
    text = json.dumps(data, default=str)
    assert told in data["refused"][0]
    for folder in ("/home", "/srv", "Users", "sqlite:"):
        assert folder not in text


def test_names_with_slashes_are_no_folders() -> None:
    for text in ("set/a+jpeg:quality=5, procedural/nearest", "https://mlflow.example/x/y", "a / b", "clip_probe/random: 3/4"):
        assert without_addresses(text) == text


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


def test_the_command_survives_the_shell() -> None:
    import shlex

    changes = {
        "study": "a b",
        "detector": "$(x)",
        "train": "'q'",
        "tests": ["t;u", "t;u+jpeg:quality=5"],
        "seed": 3,
        "seeds": 2,
    }
    document = CellDocument.from_json(MINIMAL | changes)
    words = shlex.split(repeat_command(document))
    assert words == [
        "bench",
        "run",
        "--study",
        "a b.yaml",
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


def test_a_swept_study_fills_the_band_maps_and_other_folders_are_read(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """A submitted row has its own folder: curves and threshold transfer come from there, no command and no run are told."""
    import shutil

    folders = {"mine": picture_folder(n=30), "yours": picture_folder("other", n=30, first_seed=500)}
    sweep = {"width": 0.12, "step": 0.12, "kinds": ["band", "stop"]}
    run(small_study(sweep=sweep, search={"trials": 0}, test=["yours", "mine"]), folders)
    uri = default_tracking_uri()
    board = load_board(uri, "small")
    row = next(row for row in board.rows if row.role == "chosen")
    (cell,) = Path(uri.removeprefix("sqlite:///")).parent.glob("cells/*")
    shutil.copytree(cell, tmp_path / "theirs")
    told = SubmissionFacts("theirs")
    submitted = replace(row, run_id="submission:theirs", source="submitted", submission=told, cell="other")
    details = load_details(uri, "small", [*board.rows, submitted], {"submission:theirs": tmp_path / "theirs"})

    bands = details.bands[row.run_id]
    assert (bands["domains"], bands["home"]) == (["mine", "yours"], "test")
    assert len(bands["keep"]) == len(bands["stop"]) == 5
    best = max(bands["keep"], key=lambda band: band[2][0])
    assert best[0] < 0.3  # fakes have more power between 0.2 and 0.3
    assert best[1] > 0.2
    allpass = {test.domain: test.allpass_auc for test in row.tests}
    assert bands["allpass"] == [allpass[name] for name in bands["domains"]]

    mine, theirs = row_id(row), row_id(submitted)
    assert details.rows[theirs] == details.rows[mine]
    assert repr(details.transfers[theirs]) == repr(details.transfers[mine])
    assert details.cells["submission:theirs"]["command"] == details.cells["submission:theirs"]["page"] == ""
    assert details.cells[row.run_id]["command"].startswith("bench run")
    data = payload(Board("small", [*board.rows, submitted], []), details, uri)
    assert str(tmp_path) not in json.dumps(data, default=str)


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
    assert details.cells[board.rows[0].run_id]["view"] == "profile"
    assert "spectral_svm" in page(board, details, uri)


@pytest.mark.parametrize(("domain", "told"), [("set/b", 3), ("procedural/blend", 0), ("set/b+blur:sigma=1", 0)])
def test_look_alikes_are_flagged_where_they_may_be_copies(row_maker: Maker, test_maker: Maker, domain: str, told: int) -> None:
    row = row_maker(tests=[test_maker(domain, 0.9, lookalikes=3)])
    assert objects(data_of(page(Board("made", [row], []), Details())))[0]["lookalikes"] == told
