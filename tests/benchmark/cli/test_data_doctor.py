"""``bench data doctor`` as it is typed: what is shown, what is written, what it exits with."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from bandbench.benchmark.cli import main
from bandbench.benchmark.cli.data_doctor import SHOWN_FILES
from conftest import noise_picture

Maker = Callable[..., Path]


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``bench data doctor``."""
    with pytest.raises(SystemExit) as ended:
        main(["data", "doctor", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def picture_folder(tmp_path: Path) -> Maker:
    """Maker of a folder with real/ and fake/, 64-pixel pictures that are all different."""

    def make(name: str = "pictures", n: int = 20, first_seed: int = 0) -> Path:
        for k, label in enumerate(("real", "fake")):
            (tmp_path / name / label).mkdir(parents=True)
            for i in range(n):
                picture = Image.fromarray(noise_picture(first_seed + 1000 * k + i))
                picture.save(tmp_path / name / label / f"{label}{chr(97 + i % 26)}{i:03d}.png")
        return tmp_path / name

    return make


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_whole_folder_whose_files_tell_the_classes_is_not_praised(
    picture_folder: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = picture_folder()
    for path in sorted((folder / "fake").iterdir()):
        Image.open(path).filter(ImageFilter.BoxBlur(2)).save(path)  # a trace in the pixels, which may be the generator's own
    _, out, err = bench(capsys, "mine", "--data", f"mine={folder}", "--crop", 64)
    assert "confound" in out, err
    assert "complete: nothing is missing or broken; what tells the classes is noted above" in words(out)
    assert "nothing to mend" not in out


def test_a_name_near_a_data_set_leads_to_ones_own_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "my faces").mkdir()
    code, _, err = bench(capsys, "faces", "--root", tmp_path / "my faces")
    assert code == 2
    assert f"--data 'faces={tmp_path / 'my faces'}'." in words(err)


def test_a_whole_folder(picture_folder: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = bench(capsys, "mine", "--data", f"mine={picture_folder()}", "--crop", 64)
    assert code == 0, err
    assert "complete: nothing to mend" in out and "40 files opened" in out
    assert "format PNG" in words(out)


def test_names_links_and_other_files_are_told(
    picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = picture_folder()
    (folder / "real" / "reala000.png").rename(os.fsdecode(os.fsencode(folder) + b"/real/caf\xe9.png"))
    (tmp_path / "store").mkdir()
    Image.fromarray(noise_picture(999)).save(tmp_path / "store" / "linked.png")
    (folder / "fake" / "more").symlink_to(tmp_path / "store")
    (folder / "fake" / "gone.png").symlink_to("nowhere")
    (folder / "fake" / "notes.txt").touch()
    code, out, _ = bench(capsys, "mine", "--data", f"mine={folder}", "--crop", 64, "--csv", tmp_path / "a.csv")
    assert code == 3 and "41 files opened" in out
    assert "name · names that are not UTF-8" in words(out) and r"real/caf\xe9.png" in out
    assert "files of another kind, which are not used: 1 .txt" in words(out)
    assert "fake/gone.png is a link to nowhere" in words(out) and "fake/more" not in out


def test_gaps_are_shown_in_part_and_written_in_whole(
    picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = picture_folder(n=30)
    broken = [path.relative_to(folder).as_posix() for path in sorted((folder / "real").iterdir())[:12]]
    for path in broken:
        (folder / path).write_bytes(b"")
    files = ("--json", tmp_path / "a.json", "--csv", tmp_path / "a.csv")
    code, out, _ = bench(capsys, "mine", "--root", folder, "--crop", 64, *files)
    assert code == 3
    n_shown = sum(path in out for path in broken)
    assert 0 < n_shown < 12 and n_shown <= 3 * SHOWN_FILES and "more" in out
    document = json.loads((tmp_path / "a.json").read_text())
    findings = [f for f in document["datasets"][0]["findings"] if f["kind"] == "undecodable"]
    assert sorted(file["path"] for f in findings for file in f["files"]) == broken
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["path"] for row in sorted(rows, key=lambda row: row["path"]) if row["kind"] == "undecodable"] == broken
    assert {row["dataset"] for row in rows} == {"mine"} and all(row["remedy"] for row in rows if row["level"] == "gap")


@pytest.mark.parametrize("columns", [80, 120])
def test_lines_fit_the_terminal(
    columns: int, picture_folder: Maker, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    folder = picture_folder(n=12)
    odd = folder / "real" / f"{'long_name_' * 12}\x1b[31m.png"
    odd.write_bytes(b"")
    _, out, _ = bench(capsys, "mine", "--data", f"mine={folder}", "--crop", 64)
    assert max(map(len, out.splitlines())) <= columns
    assert "\x1b" not in out


def test_json_alone_is_json_alone(picture_folder: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = bench(capsys, "folder", "--root", picture_folder(), "--crop", 64, "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "complete")


def test_what_tells_the_classes_is_shown(picture_folder: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    folder = picture_folder(n=20)
    for path in list((folder / "fake").iterdir()):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".jpg"), quality=80)
        path.unlink()
    code, out, _ = bench(capsys, "mine", "--data", f"mine={folder}", "--crop", 64)
    assert code == 3
    assert "format alone tells the classes: AUC 1.00 (real: PNG; fake: JPEG 80)" in words(out)
    assert "--recode" in out


def test_several_data_sets(picture_folder: Maker, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = picture_folder("one", n=15), picture_folder("other", n=15, first_seed=500)
    for path in list(other.glob("*/*")):
        (other / "test" / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(other / "test" / path.parent.name / path.name)
    data = ("--data", f"one={one}", "--data", f"other={other}", "--crop", 64)
    code, out, _ = bench(capsys, "one", *data)
    assert "data sets against each other" not in out
    for path in sorted((one / "real").iterdir()):
        (other / "test/real" / f"copy_of_{path.name}").write_bytes(path.read_bytes())
    code, out, _ = bench(capsys, "one", *data)
    assert code == 3
    assert "training on one, testing on other: 12 of 45 test files are training files of the other" in words(out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("uadfv",), "data set 'uadfv' needs a folder: --data uadfv=DIR."),
        (("uadfv", "--root", "nowhere"), "no folder"),
        (("uadfv", "--root", __file__), "no folder"),
        (("uadvf", "--root", "."), "Did you mean 'uadfv'?"),
        (("mine",), "A folder of your own becomes a data set with --data NAME=DIR."),
        (("mine", "--root", ".", "--data", "mine=."), "both name a folder"),
        (("procedural/blnd", "--sample", "1"), "Did you mean 'blend'?"),
        (("procedural", "--json", "/nowhere/x.json"), "cannot write /nowhere/x.json"),
        (("procedural", "--jobs", "0"), "--jobs is at least 1"),
        (("gone.py:Gone",), "cannot be imported"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = bench(capsys, *arguments)
    assert code == 2
    assert message in words(err) and "Traceback" not in err


@pytest.mark.parametrize("name", ["uadfv", "celeba", "lsun", "ffpp", "folder", "mine"])
def test_an_empty_folder_is_unusable_whatever_it_should_be(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = bench(capsys, name, "--root", tmp_path / "empty")
    assert (code, "unusable as it is" in out) == (2, True), err


def test_another_data_set_is_recognised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for label, tail in (("real", ""), ("fake", "_fake")):
        for i in range(3):
            path = tmp_path / "set" / label / f"{i:04d}{tail}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    code, out, _ = bench(capsys, "mine", "--root", tmp_path / "set")
    assert code == 2
    assert "this looks like uadfv" in words(out) and "bench data doctor uadfv --root" in words(out)


def test_a_folder_whose_groups_are_in_doubt_is_taken_for_no_other_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("real", "fake"):
        for person in ("Anna", "Emil", "Hana", "Jo", "Karl", "Lea", "Mia", "Nora", "Otto", "Pia"):
            folder = tmp_path / "set" / label / person
            folder.mkdir(parents=True)
            for i in range(12):
                Image.fromarray(noise_picture(i)).save(folder / f"portrait of a man ({i}).png")
    code, out, err = bench(capsys, "mine", "--root", tmp_path / "set")
    assert code == 2
    assert "fit two readings about equally well" in words(out), err
    assert "this looks like" not in words(out)


def test_a_data_set_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "odd.py").write_text(
        "from bandbench.benchmark.contracts import Dataset, Item\n\n\n"
        "class Odd(Dataset):\n"
        '    name = "odd"\n'
        "    needs_root = False\n\n"
        "    def items(self, variant):\n"
        '        return [Item(f"{s}{i}", i % 2, s) for s in ("train", "val", "test") for i in range(4)]\n\n'
        "    def read(self, item):\n"
        '        return b"no picture"\n'
    )
    code, out, _ = bench(capsys, f"{tmp_path / 'odd.py'}:Odd")
    assert code == 2
    assert "not a JPEG, PNG" in words(out)
    assert "no run can use it" in words(out)
