"""Lists of groups: how they may be written, and mistakes in them."""

from pathlib import Path

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.grouping.group_list import Line, find_group_list, read_group_list

IDS = ("real/a.png", "real/b.png", "fake/c 1.png")


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("path,group\nreal/a.png,x\nreal/b.png,x\nfake/c 1.png,\n", "utf-8"),
        ("\ufeffPath;Group\r\n.\\real\\a.png;x\r\nreal\\b.png;x\r\n\r\nfake\\c 1.png;\r\n", "utf-8"),
        ("path\tgroup\nreal/a.png\tx\nreal/b.png\tx\nfake/c 1.png\t\n", "utf-16"),
        ('group,path\nx,"C:\\data\\mine\\REAL\\a.png"\nx,/data/mine/real/b.png\n,mine/fake/c 1.png', "utf-8"),
        ("path, group\na.png, x\nB.PNG, x\nc 1.png,", "utf-8"),
    ],
    ids=["plain", "excel", "tabs in UTF-16", "absolute paths", "names alone"],
)
def test_a_list_may_be_written_in_many_ways(tmp_path: Path, text: str, encoding: str) -> None:
    lines = read_group_list(written(tmp_path, text, encoding), IDS)
    assert lines == {"real/a.png": Line("x"), "real/b.png": Line("x"), "fake/c 1.png": Line("")}


def test_targets_donors_and_clips_can_be_listed(tmp_path: Path) -> None:
    text = "path,target,donor,video\nreal/a.png,p,,1\nreal/b.png,q,,2\nfake/c 1.png,p,q,3\n"
    assert read_group_list(written(tmp_path, text), IDS)["fake/c 1.png"] == Line(target="p", donor="q", video="3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; a list of groups has the columns path and group"),
        ("path,grp\n", r"unknown column 'grp'\. Did you mean 'group'\?"),
        ("path,donor\n", "has the columns path, donor; a list of groups has the columns path and group"),
        ("path,group,group\n", "each once"),
        ("path,group\nreal/a.png,x\nreal/b.png,x\n", "1 of 3 pictures have no line: fake/c 1.png"),
        (
            "path,group\nreal/a.png,x\nreal/z.png,x\n",
            "1 of 2 paths match no picture: line 3 'real/z.png'; .* called like real/a",
        ),
        ("path,group\nreal/a.png,x\nreal\\a.png,y\n", "lines 2 and 3 are both of the picture real/a.png"),
        ("path,group\nreal/a.png,x,y\n", r"line 2: 3 cells, but the head has 2 \(path, group\)"),
        ("path,group\n,x\n", "line 2: the path is empty"),
        ('path,group\n"real/a.png,x\nreal/b.png,x\n', r"cannot be read as CSV \(unexpected end of data\); .* mark is closed"),
        ("path,group\nreal/a.png," + "x" * 200_000 + "\n", r"cannot be read as CSV \(field larger than field limit"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_group_list(written(tmp_path, text), IDS)


def test_a_name_of_two_pictures_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 2 'a.png' \(several pictures\)"):
        read_group_list(written(tmp_path, "path,group\na.png,x\n"), ["real/a.png", "fake/a.png"])


def test_a_list_in_another_encoding_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no text in UTF-8 or UTF-16; save it as CSV in UTF-8"):
        read_group_list(written(tmp_path, "path,group\nreal/é.png,x\n", "latin-1"), IDS)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no list of groups .*nowhere\.csv; check the path"):
        read_group_list(tmp_path / "nowhere.csv", IDS)
    assert find_group_list(tmp_path) is None


def test_a_list_in_the_folder_is_found_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "Groups.CSV").write_text("path,group\n")
    assert find_group_list(tmp_path) == tmp_path / "Groups.CSV"
