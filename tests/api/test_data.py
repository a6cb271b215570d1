"""Folders and parameters of data sets as Python gives them."""

from pathlib import Path
from typing import Any

import pytest

from bandbench.api.data import GivenData, given_data
from bandbench.benchmark.cli.arguments import data_words, parse_data
from bandbench.benchmark.errors import BenchError


def test_python_and_the_command_line_mean_the_same() -> None:
    words = data_words(["mine=pictures", "procedural.n_train=40"], ["mine=groups.csv"], None)
    assert given_data({"mine": Path("pictures"), "procedural": {"n_train": 40}}, Path("groups.csv")) == parse_data(words)
    words = data_words(["a=x", "b=y"], None, [r"(id\d+)_"])
    assert given_data({"a": "x", "b": "y"}, group_by=r"(id\d+)_") == parse_data(words)


def test_nothing_is_nothing() -> None:
    assert given_data(None) == GivenData()
    assert given_data({}) == GivenData()


def test_a_mapping_holds_the_folder_and_its_parameters() -> None:
    given = given_data({"mine": {"root": "~/pictures", "groups": "folder"}})
    assert given.folders == {"mine": str(Path("~/pictures").expanduser())}
    assert given.options == {"mine": {"groups": "folder"}}
    assert given.names == ["mine"]


@pytest.mark.parametrize(
    ("data", "groups", "message"),
    [
        (["mine"], {}, r"data is a mapping of names to folders such as .*, got \['mine'\]"),
        ({"mine": 3}, {}, "data: the folder of mine is a path, got 3"),
        ({"mine": ""}, {}, "data: the folder of mine is a path, got ''"),
        ({3: "x"}, {}, "data: a name is text, got 3"),
        ({"procedural": {"n_trian": 3}}, {}, "unknown parameter of data set procedural 'n_trian'. Did you mean 'n_train'"),
        ({"procedural": {"n_train": "x"}}, {}, "parameter n_train of data set procedural should be a whole number, got 'x'"),
        ({"procedural": {"seed": 3}}, {}, "seed of procedural is given by the option seed"),
        ({"procedurl": {"n_train": 3}}, {}, "unknown data set 'procedurl'. Did you mean 'procedural'"),
        ({"mine": "x"}, {"groups": {"mein": "a.csv"}}, "groups: unknown folder of data 'mein'. Did you mean 'mine'"),
        ({"mine": "x"}, {"groups": "a.txt"}, "groups takes the path of a list that ends in .csv, got 'a.txt'"),
        ({"a": "x", "b": "y"}, {"groups": "a.csv"}, "groups: say which folder the list is of, as {'a': 'a.csv'}"),
        ({}, {"group_by": "folder"}, "group_by: data brings no folder of your own"),
        ({"mine": "x"}, {"groups": "a.csv", "group_by": "folder"}, "the groups of mine are given twice"),
        ({"mine": "x"}, {"group_by": {"mine": 3}}, "group_by takes text, got 3"),
    ],
)
def test_a_wrong_value_is_named(data: Any, groups: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        given_data(data, **groups)
