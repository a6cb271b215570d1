"""``bench data prepare`` as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.cli import main
from bandbench.datasets.faces.cut import FaceCropper
from trees.faces import scene, write_face_clip

ADAPTER = '''
from bandbench.datasets.copies.sources import Source, SourceDataset, Survey

class Mine(SourceDataset):
    """real*.mp4 and fake*.mp4, or pictures."""

    name = "mine"
    what = "real*.mp4 and fake*.mp4"
    preparation = {"frames": 2}

    def __init__(self, root=None, seed=0, replicate=0, follow_links=False, suffix=".mp4"):
        super().__init__(root, seed, replicate, follow_links)
        self.suffix = suffix

    def survey(self, tree):
        kind = "still" if self.suffix == ".png" else "clip"
        files = tree.files("", (self.suffix,))
        domains = {True: ("swap",), False: ("swap", "morph")}
        return Survey(tuple(Source(f, kind, int(f[0] == "f"), domains[f[0] == "f"], target=f[4]) for f in files), ("masks/",))
'''


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(ADAPTER)
    for i in range(2):
        write_face_clip(tmp_path / "root" / f"real{i}.mp4", i, 2)
        write_face_clip(tmp_path / "root" / f"fake{i}.mp4", i, 2, donor=i + 10)
    return tmp_path / "root"


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error (on one line) of a command."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, " ".join(err.split())


PREPARE = ("data", "prepare", "mine.py:Mine", "--root", "root", "--jobs", 1)


def test_from_clips_to_next_steps(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = bench(capsys, *PREPARE, "--out", "crops", "--margin", 0.2)
    assert code == 0, err
    assert "mine: frames=2 margin=0.2" in out and "swap" in out and "morph" in out
    assert "incomplete: masks/" in err and "4 sources done now, 0 before" in err
    assert f"bench run band_search --data mine.py:Mine={root}" in err
    assert {path.name for path in Path("crops").iterdir() if path.name[0] != "."} == {
        "crops", "manifest.json", "index.parquet", "problems.csv", "contact-real.png", "contact-fake.png",
    }  # fmt: skip
    code, out, err = bench(capsys, *PREPARE, "--out", "crops", "--margin", 0.2, "--json")
    found = json.loads(out)
    assert (code, found["done"], found["known"], found["complete"]) == (0, 0, 4, True)
    assert [(d["domain"], d["label"], d["crops"]) for d in found["domains"]] == [
        ("morph", "real", 4), ("swap", "real", 4), ("swap", "fake", 4),
    ]  # fmt: skip
    command = found["command"]
    assert command.endswith(f"--root {root} --margin 0.2 --out {root.parent / 'crops'}")
    assert bench(capsys, *command.split()[1:], "--jobs", 1)[0] == 0, "what the manifest says can be typed"


def test_gaps_are_told_and_the_first_twenty_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(25):
        (root / f"real{i:02d}x.mp4").touch()
    write_face_clip(root / "fake5.mp4", None, 2)
    code, _, err = bench(capsys, *PREPARE)
    assert code == 3
    assert "fake5.mp4: no face of 64 pixels or more in 2 frames" in err
    assert err.count("real") >= 19 and "… and 6 more in " in err and "problems.csv" in err
    code, _, err = bench(capsys, *PREPARE, "--domain", "swap", "--min-size", 1000)
    assert code == 2 and "No source gave a crop" in err


def test_a_dry_run_keeps_nothing(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def files() -> list[Path]:
        return sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts)

    before = files()
    code, out, err = bench(capsys, *PREPARE, "--dry-run")
    assert code == 0 and "estimate from 4 sources" in out and "Nothing was kept" in out, err
    code, out, _ = bench(capsys, *PREPARE, "--dry-run", "--json")
    found = json.loads(out)
    assert (found["total"]["sources"], found["total"]["crops"]) == (4, 8)
    assert files() == before


def test_pictures_can_be_prepared_and_need_not(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("real0.png", "fake0.png"):
        Image.fromarray(scene(1)).save(root / name)
    code, _, err = bench(
        capsys, "data", "prepare", "mine.py:Mine", "--data", f"mine.py:Mine={root}", "--param", "suffix=.png", "--jobs", 1
    )
    assert code == 0, err
    assert "which can be used as they are" in err
    assert "--data mine.suffix=.png" in err


def test_ctrl_c_says_that_nothing_is_lost(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: Callable[..., object] = FaceCropper.publish
    calls = 0

    def publish(*args: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return whole(*args)

    with monkeypatch.context() as patch:
        patch.setattr(FaceCropper, "publish", publish)
        code, _, err = bench(capsys, *PREPARE)
    assert code == 130 and "the same command continues" in err
    assert "2 sources done now, 2 before" in bench(capsys, *PREPARE)[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--frames", 4, "--every", 2), "one of the two; got frames=4 and every=2"),
        (("--faces", "harr"), "unknown faces 'harr'. Did you mean 'haar'?"),
        (("--recode", "mpeg"), "jpeg:QUALITY"),
        (("--align",), "align needs landmarks"),
        (("--threshold", 0.5), "gives no confidence"),
        (("--weights", "nowhere.onnx"), "takes no weights"),
        (("--domain", "swop"), "unknown domain of mine 'swop'. Did you mean 'swap'?"),
        (("--param", "sufix=1"), "unknown parameter of data set mine 'sufix'. Did you mean 'suffix'?"),
        (("--data", "other=DIR"), "--data other is another data set than mine"),
        (("--data", "mine=root"), "given twice"),
        (("--jobs", 0), "--jobs is at least 1"),
        (("--out", "root/crops"), "one inside the other"),
        (("--json", "no/such/folder.json"), "cannot write no/such/folder.json"),
    ],
)
def test_wrong_options_are_one_line(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], message: str
) -> None:
    code, out, err = bench(capsys, *PREPARE, *arguments)
    assert (code, out) == (2, "") and message in err, err
    assert not Path("root/crops").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("procedual", "Did you mean 'procedural'?"),
        ("procedural", "procedural needs no preparation, its pictures are used as they are: bench run --train procedural"),
        ("folder", "needs the sub-folders real/ and fake/"),
        ("mine.py:Nobody", "has no 'Nobody'"),
    ],
)
def test_wrong_names(root: Path, capsys: pytest.CaptureFixture[str], name: str, message: str) -> None:
    code, _, err = bench(capsys, "data", "prepare", name, "--root", "root")
    assert code == 2 and message in err, err


def test_folders_of_ones_own(root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Clips are prepared under any name, pictures are used as they are, and the run is told of the folder of clips."""
    for label in ("real", "fake"):
        (tmp_path / "clips" / label).mkdir(parents=True)
        (tmp_path / "pictures" / label).mkdir(parents=True)
        Image.fromarray(scene(1)).save(tmp_path / "pictures" / label / "a.png")
        for k in range(2):
            (root / f"{label}{k}.mp4").rename(tmp_path / "clips" / label / f"{label}{k}.mp4")
    code, _, err = bench(capsys, "data", "prepare", "folder", "--root", "pictures")
    assert code == 2 and "folder needs no preparation, its pictures are used as they are: bench run --data mine=pictures" in err
    command = ("--data", "take=clips", "--faces", "none", "--frames", 2, "--jobs", 1, "--out", "crops")
    code, out, err = bench(capsys, "data", "prepare", "take", *command)
    assert code == 0 and "2" in out, err
    assert f"bench run band_search --data take={tmp_path / 'clips'}" in err


def test_a_root_that_is_none(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for given, message in (
        ((), "needs the folder"),
        (("--root", "nowhere"), "does not exist"),
        (("--root", "empty"), "holds nothing"),
    ):
        code, _, err = bench(capsys, "data", "prepare", "mine.py:Mine", *given)
        assert code == 2 and message in err, err
