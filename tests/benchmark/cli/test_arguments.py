"""What ``--data`` says: folders under names, and parameters after a dot."""

from pathlib import Path

import pytest

from bandbench.benchmark.cli.arguments import data_words, parse_data, parse_detector
from bandbench.benchmark.errors import BenchError

PLUGIN = """
from bandbench.benchmark.contracts import Dataset

class Mine(Dataset):
    name = "my_plugin"
    def __init__(self, root=None, seed=0, replicate=0, side=8):
        super().__init__(root, seed, replicate)
        self.side = side
"""


def test_a_dot_after_a_known_data_set_is_that_of_a_parameter() -> None:
    found = parse_data(["celeba.fakes=/data/a.b", "celeba=/data/c=d", "celeba.crop=none", "procedural.n_train=3"])
    assert found.folders == {"celeba": "/data/c=d"}
    assert found.options == {"celeba": {"fakes": "/data/a.b", "crop": "none"}, "procedural": {"n_train": 3}}


def test_a_name_of_ones_own_has_parameters_wherever_it_is_given(tmp_path: Path) -> None:
    assert parse_data(["mine.may_be_shown=true", "mine=DIR"]).options == {"mine": {"may_be_shown": True}}
    assert parse_data(["mine.may_be_shown=true"], ["mine"]).options == {"mine": {"may_be_shown": True}}
    (tmp_path / "plugin.py").write_text(PLUGIN)
    reference = f"{tmp_path / 'plugin.py'}:Mine"
    found = parse_data([f"{reference}=DIR", "my_plugin.side=16"])
    assert (found.folders, found.options) == ({reference: "DIR"}, {"my_plugin": {"side": 16}})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["my.data=DIR"], r"no data set 'my' is known, .*lower-case letters, digits and underscores: --data my_data=DIR\.$"),
        (["My.Data.2=DIR"], r"--data my_data_2=DIR\.$"),
        (["2.d=DIR"], r"--data d=DIR\.$"),
        (["mine=DIR", "mine.data=DIR2"], "unknown parameter of mine 'data'.*Known: .*may_be_shown"),
        (["celeba.fake=DIR"], "unknown parameter of celeba 'fake'. Did you mean 'fakes'"),
        (["celebaa.fakes=DIR"], r"no data set 'celebaa' is known.* Did you mean 'celeba\.fakes'\?"),
        (["celeba.root=DIR"], r"celeba\.root=DIR: that is given by --data celeba=DIR"),
        (["celeba.seed=3"], "that is given by --seed"),
        (["celeba.=3"], "unknown parameter of celeba ''"),
        (["mine=DIR", "mine=DIR2"], "--data names 'mine' twice"),
        (["mine"], "--data wants NAME=DIR"),
        (["mine="], "--data wants NAME=DIR"),
    ],
)
def test_mistakes_are_named(given: list[str], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_data(given)


def test_text_is_taken_as_it_stands() -> None:
    r"""``[a-z]+(\d+)`` is no list for a parameter that is text, and 2024 no number."""
    given = ["mine=DIR", r"mine.groups=[a-z]+(\d+)", "mine.may_be_shown=true", "celeba.fakes=2024", "celeba.crop=128"]
    assert parse_data(given, ["celeba"]).options == {
        "mine": {"groups": r"[a-z]+(\d+)", "may_be_shown": True},
        "celeba": {"fakes": "2024", "crop": "128"},
    }
    assert parse_data(["celeba.fakes=null"], ["celeba"]).options == {"celeba": {"fakes": None}}
    assert parse_detector("dct_ridge", ["transform=pixels", "alphas=[1e-3]"]).params == {
        "transform": "pixels",
        "alphas": [0.001],
    }


@pytest.mark.parametrize(
    ("groups", "group_by", "expected"),
    [
        (["mine=a=b.csv"], [], ["mine.groups=a=b.csv"]),
        (["yours=list.CSV"], [r"mine=(id\d+)="], ["yours.groups=list.CSV", r"mine.groups=(id\d+)="]),
        ([], [r"id=(\d+)_"], [r"mine.groups=id=(\d+)_", r"yours.groups=id=(\d+)_"]),
        ([], ["mine=none"], ["mine.groups=none"]),
    ],
)
def test_groups_are_parameters_of_folders(groups: list[str], group_by: list[str], expected: list[str]) -> None:
    given = ["mine=DIR", "celeba=DIR2", "yours=DIR3"]
    words = data_words(given, groups, group_by)
    assert words == [*given, *expected]
    assert set(parse_data(words).folders) == {"mine", "celeba", "yours"}


def test_groups_without_a_name_are_those_of_the_only_folder() -> None:
    assert data_words(["mine=DIR", "celeba=DIR2"], ["list.csv"], []) == ["mine=DIR", "celeba=DIR2", "mine.groups=list.csv"]
    assert data_words(None, None, ["none"], ["mine"]) == ["mine.groups=none"]


@pytest.mark.parametrize(
    ("data", "groups", "group_by", "message"),
    [
        (["mine=DIR"], ["mien=l.csv"], [], r"--groups mien=l.csv: unknown data set 'mien'. Did you mean 'mine'\?"),
        (["mine=DIR"], [], ["mien=(a)"], r"unknown data set 'mien'. Did you mean 'mine'\?"),
        (["mine=DIR", "yours=DIR"], ["l.csv"], [], "the folders of --data are mine, yours; say which one it is of"),
        (["celeba=DIR"], ["l.csv"], [], "--data brings no folder of your own"),
        (["mine=DIR"], ["mine=folder"], [], "wanted the path of a list that ends in .csv, got 'folder'"),
        (["mine=DIR"], ["mine="], [], "there is no value after mine="),
        (["mine=DIR"], ["mine=l.csv"], ["none"], "the groups of mine are given twice"),
        (["mine=DIR", "mine.groups=none"], [], ["mine=none"], "the groups of mine are given twice"),
    ],
)
def test_groups_of_nothing_are_refused(data: list[str], groups: list[str], group_by: list[str], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        data_words(data, groups, group_by)
