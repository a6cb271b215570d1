"""A tree of files as people leave them: links, hidden files, archives, odd names, a root one level off."""

import os
import zipfile
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.tree import Tree, class_of_folder, on_disk, printable


def put(root: Path, *names: str, content: bytes = b"x") -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def statuses(tree: Tree) -> dict[str, str]:
    return {trouble.path: trouble.status for trouble in tree.troubles}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    return tmp_path / "set"


def zipped(path: Path, entries: dict[str, bytes], **options: int) -> Path:
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


# --- names -----------------------------------------------------------------------------------------------------------


def test_names_are_compared_without_case_and_separators(root: Path) -> None:
    tree = Tree(put(root, "Celeb-Real/A.JPG", "celeb synthesis/b.jpg", "List.TXT"))
    assert tree.folder("", "celeb_real") == "Celeb-Real"
    assert tree.folder("", "nothing", "Celeb_Synthesis") == "celeb synthesis"
    assert tree.file("", "list.txt") == "List.TXT"
    assert tree.files("Celeb-Real", (".jpg",)) == ["Celeb-Real/A.JPG"]
    assert (tree.folder("", "list.txt"), tree.file("", "celeb-real")) == (None, None)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *((name, REAL) for name in ("real", "REAL", "reals", "0_real", "1_real", "Real Images", "real-faces", "original")),
        *((name, FAKE) for name in ("Fake", "fakes", "1_fake", "0-fakes", "fake_imgs", "deepfakes", "ai", "AI-generated")),
        *((name, None) for name in ("", "realism", "surreal", "real_fake", "real_vs_fake", "0", "train", "stylegan", "aim")),
    ],
)
def test_a_class_is_known_by_the_name_of_its_folder(name: str, label: int | None) -> None:
    assert class_of_folder(name) == label


def test_hidden_things_are_not_there(root: Path) -> None:
    left_behind = (".ipynb_checkpoints/1.png", "@eaDir/1.png", "thumbs.DB", "Desktop.ini", "a/.thumbnails/1.png")
    tree = Tree(put(root, ".DS_Store", "a/._1.png", "__MACOSX/a/1.png", "Thumbs.db", ".git/x", *left_behind, "a/1.png"))
    assert tree.files(deep=True) == ["a/1.png"]
    assert tree.troubles == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"caf\xe9.png", "caf\\xe9.png"),
        (b"a\nb\x7f\t.png", "a\\x0ab\\x7f\\x09.png"),
        (b"a\\xe9.png", "a\\x5cxe9.png"),
        (b"a\\x5cx0a.png", "a\\x5cx5cx0a.png"),
        (b"a\\b \\x41.png", "a\\b \\x41.png"),
        ("café 😀.png".encode(), "café 😀.png"),
    ],
)
def test_every_name_has_a_printable_id_that_leads_back(root: Path, name: bytes, shown: str) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(name)
    tree = Tree(root)
    assert tree.files() == [shown] and tree.troubles == []
    assert tree.read(shown) == name
    assert os.fsencode(on_disk(shown)) == name
    assert printable(os.fsdecode(name)) == shown


def test_folders_whose_name_is_no_text_are_walked(root: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(root) + b"/\xff"))
    folder.mkdir()
    put(folder, "1.png")
    assert Tree(root).files(deep=True) == ["\\xff/1.png"]
    assert Tree(root).read("\\xff/1.png") == b"x"


def test_two_folders_of_one_name_are_not_passed_over_in_silence(root: Path) -> None:
    tree = Tree(put(root, "Real/1.png", "real/2.png"))
    assert tree.folder("", "real") == "Real"
    assert statuses(tree) == {"real": "duplicate"}


def test_packed_archives_are_named_and_not_read(root: Path) -> None:
    tree = Tree(put(root, "a.tar.gz", "b.TAR", "c.7z", "d.png"))
    assert tree.files() == ["d.png"]
    assert statuses(tree) == {"a.tar.gz": "packed", "b.TAR": "packed", "c.7z": "packed"}


def test_a_pipe_is_no_file(root: Path) -> None:
    os.mkfifo(root / "pipe.png")
    tree = Tree(put(root, "a.png"))
    assert tree.files() == ["a.png"]
    assert statuses(tree) == {"pipe.png": "unreadable"}
    with pytest.raises(DataError, match="neither a file nor a folder"):
        tree.read("pipe.png")


def test_what_cannot_be_listed_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "closed/1.png", "open/2.png")
    listed = os.scandir

    def scandir(place: Path) -> object:
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(place)

    monkeypatch.setattr(os, "scandir", scandir)
    tree = Tree(root)
    assert tree.files(deep=True) == ["open/2.png"]
    assert [(t.path, t.status) for t in tree.troubles] == [("closed", "unreadable")]
    assert "Permission denied" in tree.troubles[0].detail
    assert Tree(root).files("gone") == []


def test_many_files_are_listed_in_order(root: Path) -> None:
    for folder in range(4):
        (root / f"{folder}").mkdir()
        for i in range(1000):
            (root / f"{folder}" / f"{i}.png").touch()
    tree = Tree(root)
    found = tree.files(deep=True)
    assert len(found) == 4000 and found == sorted(found)
    assert tree.files("2", (".jpg",)) == []


# --- links -----------------------------------------------------------------------------------------------------------


def test_links_inside_are_followed_and_links_out_are_not(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "other", "1.png")
    put(root, "a/2.png")
    (root / "b").symlink_to(root / "a")
    (root / "out").symlink_to(tmp_path / "other")
    (root / "out.png").symlink_to(tmp_path / "other" / "1.png")
    tree = Tree(root)
    assert tree.files(deep=True) == ["a/2.png"] and tree.files("b") == ["b/2.png"]
    assert statuses(tree) == {"b": "duplicate", "out": "outside", "out.png": "outside"}
    assert str(tmp_path / "other") in tree.troubles[1].detail
    with pytest.raises(DataError, match="leads out of"):
        tree.read("out/1.png")
    followed = Tree(root, follow_links=True)
    assert followed.files(deep=True) == ["a/2.png", "out.png", "out/1.png"]
    assert followed.read("out/1.png") == b"x" and statuses(followed) == {"b": "duplicate"}


def test_a_folder_is_listed_once_and_under_its_own_name(root: Path, tmp_path: Path) -> None:
    put(root, "z/1.png")
    put(tmp_path / "store", "s/2.png")
    (root / "a").symlink_to(root / "z")
    (root / "b").symlink_to(tmp_path / "store" / "s")
    (root / "c").symlink_to(tmp_path / "store")
    tree = Tree(root, follow_links=True)
    assert tree.files(deep=True) == ["b/2.png", "z/1.png"]
    assert statuses(tree) == {"a": "duplicate", "c/s": "duplicate"}


@pytest.mark.parametrize("follow_links", [False, True])
@pytest.mark.parametrize(
    ("links", "named"),
    [
        ({"a/up": "a"}, ["a/up"]),
        ({"a/top": "."}, ["a/top"]),
        ({"a/above": ".."}, ["a/above"]),
        ({"a/x": "b", "b/y": "a"}, []),
        ({"a/self": "a/self"}, ["a/self"]),
    ],
)
def test_links_in_a_circle_end(root: Path, links: dict[str, str], named: list[str], follow_links: bool) -> None:
    put(root, "a/1.png", "b/2.png")
    for link, target in links.items():
        (root / link).symlink_to(root / target)
    tree = Tree(root, follow_links)
    found = tree.files(deep=True)
    assert found == ["a/1.png", "b/2.png"]
    assert [path for path, status in statuses(tree).items() if status == "outside"] == named


def test_a_link_to_nothing_is_named(root: Path) -> None:
    (root / "gone.png").symlink_to(root / "nowhere.png")
    tree = Tree(root)
    assert tree.files() == []
    assert "nowhere.png, which is not there" in tree.troubles[0].detail


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("follow_links", [False, True])
@pytest.mark.parametrize("place", ["../secret", "a/../../secret", "/etc/hostname"])
def test_nothing_above_the_root_is_read(root: Path, tmp_path: Path, place: str, follow_links: bool) -> None:
    put(tmp_path, "secret")
    (root / "a").mkdir()
    with pytest.raises(DataError, match="leads out of"):
        Tree(root, follow_links).read(place)


def test_text_of_any_encoding_is_read(root: Path) -> None:
    tree = Tree(put(root, "list.txt", content="\ufeff1 é\n".encode() + b"\xe9"))
    assert tree.read_text("list.txt") == "1 é\n\ufffd"


# --- archives --------------------------------------------------------------------------------------------------------


def test_an_archive_is_a_folder(root: Path) -> None:
    zipped(root / "Img.ZIP", {"img/1.jpg": b"one", "img/sub/2.jpg": b"two", "img/empty/": b"", "__MACOSX/1.jpg": b"no"})
    tree = Tree(root)
    assert tree.folder("", "img.zip") == "Img.ZIP"
    assert tree.folders("Img.ZIP/img") == ["Img.ZIP/img/empty", "Img.ZIP/img/sub"]
    assert tree.files(deep=True) == ["Img.ZIP/img/1.jpg", "Img.ZIP/img/sub/2.jpg"]
    assert tree.read("Img.ZIP/img/sub/2.jpg") == b"two"
    with pytest.raises(FileNotFoundError):
        tree.read("Img.ZIP/img/3.jpg")
    assert tree.troubles == []


def test_a_folder_may_be_called_like_an_archive(root: Path) -> None:
    zipped(put(root, "faces.zip/1.png") / "faces.zip" / "more.zip", {"2.png": b"two"})
    tree = Tree(root)
    assert tree.files(deep=True) == ["faces.zip/1.png", "faces.zip/more.zip/2.png"]
    assert (tree.read("faces.zip/1.png"), tree.read("faces.zip/more.zip/2.png")) == (b"x", b"two")
    assert tree.troubles == []


@pytest.mark.parametrize("name", ["../1.png", "a/../../1.png", "/etc/1.png", "C:/1.png", "a\\1.png"])
def test_entries_that_lead_out_are_passed_over(root: Path, name: str) -> None:
    with zipfile.ZipFile(root / "a.zip", "w") as archive:
        archive.writestr("ok.png", b"x")
        entry = zipfile.ZipInfo("later")
        entry.filename = name
        archive.writestr(entry, b"x")
    tree = Tree(root)
    assert tree.files(deep=True) == ["a.zip/ok.png"]
    assert statuses(tree) == {f"a.zip/{name}": "bad_entry"}


def test_an_entry_that_is_there_twice_is_named(root: Path) -> None:
    with zipfile.ZipFile(root / "a.zip", "w") as archive, pytest.warns(UserWarning):
        archive.writestr("1.png", b"old")
        archive.writestr("1.png", b"new")
    tree = Tree(root)
    assert tree.files("a.zip") == ["a.zip/1.png"]
    assert tree.read("a.zip/1.png") == b"new"
    assert statuses(tree) == {"a.zip/1.png": "duplicate"}


def test_broken_archives_are_named(root: Path) -> None:
    whole = zipped(root / "whole.zip", {"1.png": bytes(range(256)) * 99}, compression=zipfile.ZIP_DEFLATED).read_bytes()
    put(root, "empty.zip", content=b"")
    put(root, "cut.zip", content=whole[: len(whole) // 2])
    put(root, "text.zip", content=b"no archive")
    tree = Tree(root)
    assert tree.files(deep=True) == ["whole.zip/1.png"]
    assert statuses(tree) == dict.fromkeys(("cut.zip", "empty.zip", "text.zip"), "unreadable")
    with pytest.raises(DataError, match="text.zip is no archive that can be read"):
        tree.read("text.zip/1.png")


@pytest.mark.parametrize("where", [45, 60, 80])
def test_a_damaged_entry_is_an_error_of_the_data(root: Path, where: int) -> None:
    path = zipped(root / "a.zip", {"1.png": bytes(range(256)) * 99}, compression=zipfile.ZIP_DEFLATED)
    damaged = bytearray(path.read_bytes())
    damaged[where] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(DataError, match="a.zip/1.png cannot be taken out of the archive"):
        Tree(root).read("a.zip/1.png")


def test_an_encrypted_entry_is_an_error_of_the_data(root: Path) -> None:
    path = zipped(root / "a.zip", {"1.png": b"content"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1  # the flag that says so
    path.write_bytes(raw)
    with pytest.raises(DataError, match="encrypted"):
        Tree(root).read("a.zip/1.png")


def test_an_archive_that_was_written_anew_is_read_anew(root: Path) -> None:
    zipped(root / "a.zip", {"1.png": b"old"})
    assert Tree(root).read("a.zip/1.png") == b"old"
    zipped(root / "a.zip", {"1.png": b"newer"})
    assert Tree(root).read("a.zip/1.png") == b"newer"


# --- where the layout begins -----------------------------------------------------------------------------------------


def base_of(root: Path) -> str:
    tree = Tree(root)
    return tree.find_base(lambda place: bool(tree.folder(place, "real") and tree.folder(place, "fake")), "real/ and fake/")


@pytest.mark.parametrize("inside", ["", "copy", "my set/v1"])
def test_the_layout_may_begin_up_to_two_levels_below(root: Path, inside: str) -> None:
    put(root / inside, "Real/1.png", "FAKE/1.png")
    assert base_of(root) == inside


def test_the_layout_may_begin_in_an_archive(root: Path) -> None:
    zipped(root / "set.zip", {"set/real/1.png": b"x", "set/fake/1.png": b"x"})
    assert base_of(root) == "set.zip/set"


def test_a_second_place_where_the_layout_begins_is_named(root: Path) -> None:
    put(root, *(f"{copy}/{label}/1.png" for copy in ("one", "two") for label in ("real", "fake")))
    tree = Tree(root)
    assert tree.find_base(lambda place: tree.folder(place, "real") is not None, "real/") == "one"
    assert statuses(tree) == {"two": "duplicate"}


def test_three_levels_below_is_too_deep(root: Path) -> None:
    put(root / "a/b/c", "real/1.png", "fake/1.png")
    with pytest.raises(DataError, match=r"does not hold real/ and fake/; found: a/\."):
        base_of(root)


@pytest.mark.parametrize("given", ["real", "real/clips"])
def test_a_root_that_is_too_deep_is_told_the_folder_above(root: Path, given: str) -> None:
    put(root, "real/clips/1.png", "fake/1.png")
    (root / "gone.png").symlink_to(root / "nowhere")
    with pytest.raises(DataError, match=f"lies inside the data set; give the folder above: {root}\\."):
        base_of(root / given)


def test_what_is_there_is_told(root: Path) -> None:
    with pytest.raises(DataError, match="found: nothing"):
        base_of(root)
    put(root, "1.txt", "b/2.png")
    with pytest.raises(DataError, match=r"found: b/, 1\.txt\."):
        base_of(root)
