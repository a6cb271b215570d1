"""Files that describe a submission."""

from pathlib import Path

import pytest

from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.meta import load_meta


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name: a\ndetector: d\ntrain: t\nauc: 0.99\n",
            r"line 4: the key 'auc' is a result. A submission brings scores, never",
        ),
        ("name: a\ndetektor: d\ntrain: t\n", r"line 2: unknown key 'detektor'. Did you mean 'detector'"),
        ("name: a\ndetector: d\n", "the key 'train' is missing"),
        ("name: a\nname: b\ndetector: d\ntrain: t\n", "line 2: the key 'name' stands here twice"),
        ("name: ../a\ndetector: d\ntrain: t\n", "line 1: name: "),
        ("name: .a\ndetector: d\ntrain: t\n", "line 1: name: "),
        (f"name: {'a' * 81}\ndetector: d\ntrain: t\n", "line 1: name: "),
        ("name: a\ndetector: ' '\ntrain: t\n", "line 2: detector: "),
        ("name: a\ndetector: d\ntrain: t\nband: low\n", "line 4: band: a band is written all, low:0.2"),
        ("name: a\ndetector: d\ntrain: t\nband: {kind: low, cut: 1}\n", "line 4: band: "),
        ("name: a\ndetector: d\ntrain: t\nms_per_picture: .inf\n", "line 4: ms_per_picture: "),
        ("name: a\ndetector: d\ntrain: t\nparameters: [1]\n", "line 4: parameters"),
        ("name: a\ndetector: d\ntrain: t\nreleased: {t: soon}\n", "line 4: released.t: a date is written 2022, 2022-08"),
        ("name: a\ndetector: d\ntrain: t\nreported: [{value: 97}]\n", "line 4: reported.0.value: "),
        ("name: a\ndetector: d\ntrain: t\nreported: [{value: 0.9}]\n", "the key 'reported.0.metric' is missing"),
        ("name: a\ndetector: d\ntrain: t\nreported: [{wert: 0.9}]\n", "line 4: unknown key of reported 'wert'"),
        ("name: &x [a, *x]\ndetector: d\ntrain: t\n", "line 1: a list or mapping that contains itself"),
        ("- name\n", "has to be a mapping of keys"),
        ("1: 2\n", "has to be a mapping of keys"),
        ("name: [\n", "line 2: not valid YAML"),
        ('name: a\ndetector: "\\ud800"\ntrain: t\n', "line 2: half of a surrogate pair"),
        ("[" * 5000, "more than 20 lists or mappings in each other"),
        ("x" * 300_000, "0.3 MiB are more than such a file has"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "meta.yaml"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        load_meta(path)
    assert message in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_dates_and_published_numbers(tmp_path: Path) -> None:
    path = tmp_path / "meta.yaml"
    path.write_text(
        "name: a\ndetector: d\ntrain: t\nreleased: {t: 2019, x: 2020-03-01, y: 2020-03}\n"
        "reported:\n  - {value: 0.9, metric: auc, data: x, source: A paper, how_known: second_hand}\n"
    )
    meta = load_meta(path)
    assert meta.released == {"t": "2019", "x": "2020-03-01", "y": "2020-03"}
    (number,) = [entry.record() for entry in meta.reported]
    assert number == Reported(0.9, "auc", "x", "A paper", HowKnown.SECOND_HAND)
