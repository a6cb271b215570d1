"""
The files below a root, in the form that adapters read.

Names are compared without case, hidden files are not there, links that lead out of the root are followed where that is
wanted, no folder is listed twice, and a ZIP archive is a folder. What is passed over for a reason is remembered in
`Tree.troubles`. A pipe or a device is never opened.
"""

import errno
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from ...benchmark.contracts import FAKE, REAL, Split
from ...benchmark.errors import DataError
from ...benchmark.store.files import MAX_FILE, on_disk, printable, read_file

ARCHIVE = ".zip"
PACKED = (".tar", ".tar.gz", ".tgz", ".7z", ".rar")
# Files and folders of systems, viewers and network disks, in lower case; names that begin with a full stop are hidden, too.
HIDDEN = {
    "__macosx",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "icon\r",
    "@eadir",
    "@__thumb",
    "#recycle",
    "@recycle",
    "$recycle.bin",
    "system volume information",
    "lost+found",
}
DEPTH = 2  # levels below the root at which a layout may begin
# Statuses of troubles that may be wanted pictures.
LOST = {"outside", "bad_entry", "packed", "unreadable"}
CLASS_WORDS = {
    **dict.fromkeys(("real", "original", "authentic", "pristine", "genuine", "nature", "natural"), REAL),
    **dict.fromkeys(("fake", "deepfake", "synthetic", "generated", "manipulated", "forged", "ai", "ai_generated"), FAKE),
}
# Names of folders that hold a split.
SPLIT_NAMES: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
CLASS_NAME = re.compile(rf"(?:\d+_)?({'|'.join(CLASS_WORDS)})s?(?:_(?:image|img|picture|photo|face|frame|crop|video|clip)s?)?")
MAX_ENTRY = 2**36  # bytes of a clip in an archive; the size in a broken archive may be any
COPIED_AT_ONCE = 2**20  # bytes
# Errors of zipfile for entries that are damaged, encrypted (RuntimeError), or compressed by an unknown method.
BROKEN_ENTRY = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, OSError, ValueError)


@dataclass(frozen=True)
class Trouble:
    """
    Something below a root that is passed over.

    Attributes
    ----------
    path : str
        Relative to the root.
    status : str
        One word: ``outside``, ``bad_entry``, ``packed``, ``duplicate``, ``unknown``, ``unreadable``.
    detail : str
        The reason and the remedy.
    """

    path: str
    status: str
    detail: str


def child_key(name: str) -> str:
    """
    Reduce a name to what is compared: no case, and one sign for spaces, dashes and underscores.

    >>> child_key("Celeb-Real"), child_key("higher quality")
    ('celeb_real', 'higher_quality')
    """
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def class_of_folder(name: str) -> int | None:
    """
    Return the label that a folder is named after; None if it names no class.

    Number, case, separators and what the folder holds do not matter: ``real``, ``Reals``, ``0_real``, ``real_images`` are
    `REAL`; ``fake``, ``1_fake``, ``deepfakes``, ``synthetic``, ``ai`` are `FAKE`. A name with both words is no class.

    >>> class_of_folder("0_real"), class_of_folder("Fake-Images"), class_of_folder("stylegan")
    (0, 1, None)
    """
    match = CLASS_NAME.fullmatch(child_key(name))
    return CLASS_WORDS[match[1]] if match else None


def suffix_of(name: str) -> str:
    """Return the suffix in lower case, with its dot."""
    stem, _, suffix = name.rpartition("/")[2].rpartition(".")
    return f".{suffix.lower()}" if stem.strip(".") and suffix else ""


def is_hidden(name: str) -> bool:
    """Return whether a name is that of a system file or folder, which holds no data of a user."""
    return name.startswith(".") or name.lower() in HIDDEN


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """
    Return the sort key under which numbers in names count as numbers.

    >>> sorted(["b10", "b9", "a"], key=natural_key)
    ['a', 'b9', 'b10']
    """
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


class Tree:
    """
    The folder of a data set.

    Places in it are *ids*: paths relative to the root with forward slashes, ``""`` for the root. An id may lead into an
    archive: ``img_align_celeba.zip/img_align_celeba/000001.jpg``.

    Parameters
    ----------
    root : Path
    follow_links : bool
        Also links that lead out of the root.
    archives : bool
        True if a ZIP archive is a folder, False if it is a file of another kind.

    Attributes
    ----------
    troubles : list of Trouble
        Files and folders that have been passed over so far.
    """

    def __init__(self, root: Path, follow_links: bool = False, archives: bool = True) -> None:
        self.root = root
        self.follow_links = follow_links
        self.archives = archives
        self._troubles: dict[str, Trouble] = {}

    @property
    def troubles(self) -> list[Trouble]:
        """Files and folders that have been passed over so far, sorted by path."""
        return [self._troubles[path] for path in sorted(self._troubles)]

    def report(self, path: str, status: str, detail: str) -> None:
        """Remember a trouble; the first one of a path counts."""
        self._troubles.setdefault(path, Trouble(path, status, detail))

    # --- folders and files -------------------------------------------------------------------------------------------

    def folders(self, place: str = "") -> list[str]:
        """List the ids of the folders and archives in a folder, sorted."""
        return self._listing(place)[0]

    def files(self, place: str = "", suffixes: Sequence[str] | None = None, deep: bool = False) -> list[str]:
        """
        List the ids of the files in a folder, sorted.

        Parameters
        ----------
        place : str
        suffixes : sequence of str, optional
            Wanted ones, in lower case with the dot.
        deep : bool
            Also those in its folders and archives (see `walk`).
        """
        places = self.walk(place) if deep else (place,)
        ids = [
            name for folder in places for name in self._listing(folder)[1] if suffixes is None or suffix_of(name) in suffixes
        ]
        return sorted(ids) if deep else ids

    def walk(
        self, place: str = "", seen: set[tuple[int, int]] | None = None, into: Callable[[str], bool] = lambda _: True
    ) -> Iterator[str]:
        """
        Yield the ids of a folder and of all folders and archives below it, every folder once.

        A folder to which several ways lead is listed under its own name, if that lies below `place`, else under that of the
        first link; the other links are reported.

        Parameters
        ----------
        place : str
        seen : set, optional
            Folders that other walks have listed already; this walk adds its own.
        into : callable
            Returns whether the folder of an id is walked through.
        """
        seen, links = set() if seen is None else seen, [place]
        while links:
            links.sort(reverse=True)
            stack = [links.pop()]
            while stack:
                current = stack.pop()
                if not self._is_new(current, seen):
                    continue
                yield current
                for folder in filter(into, reversed(self.folders(current))):
                    (links if self.path(folder).is_symlink() else stack).append(folder)

    def _is_new(self, place: str, seen: set[tuple[int, int]]) -> bool:
        """Return whether a folder has not been reached by another path, and remember it."""
        try:
            facts = self.path(place).stat()
        except OSError:  # inside an archive
            return True
        key = facts.st_dev, facts.st_ino
        if key in seen:
            self.report(place, "duplicate", "is a link to a folder that is listed already; it is not listed again.")
            return False
        seen.add(key)
        return True

    def folder(self, place: str, *names: str) -> str | None:
        """Find the first folder or archive in `place` that has one of some names; None if there is none."""
        return self._first(self.folders(place), names)

    def file(self, place: str, *names: str) -> str | None:
        """Find the first file in `place` that has one of some names; None if there is none."""
        return self._first(self._listing(place)[1], names)

    def _first(self, ids: Iterable[str], names: Iterable[str]) -> str | None:
        by_key: dict[str, list[str]] = {}
        for path in ids:
            by_key.setdefault(child_key(path.rpartition("/")[2]), []).append(path)
        fits = next((by_key[child_key(name)] for name in names if child_key(name) in by_key), [])
        for other in fits[1:]:
            self.report(other, "duplicate", f"is called like {fits[0]}, which is used; move into that what belongs there.")
        return fits[0] if fits else None

    def find_base(self, looks_right: Callable[[str], bool], what: str) -> str:
        """
        Find the folder in which the layout begins: the root, or a folder up to two levels below.

        Parameters
        ----------
        looks_right : callable
            Returns whether the layout begins at an id.
        what : str
            The layout in words, for the message.

        Raises
        ------
        DataError
            If the layout begins nowhere, or above the root.
        """
        level = [""]
        for _ in range(DEPTH + 1):
            fits = [place for place in level if looks_right(place)]
            if fits:
                for other in fits[1:]:
                    self.report(other, "duplicate", f"looks like the data set, too; {fits[0]} is used. Give one as the folder.")
                return fits[0]
            level = [folder for place in level for folder in self.folders(place)]
        for above in ("..", "../.."):
            if self._begins(looks_right, above):
                raise DataError(f"{self.root} lies inside the data set; give the folder above: {self._resolved(above)}.")
        names = ", ".join([*(f"{f}/" for f in self.folders()), *self.files()][:8]) or "nothing"
        raise DataError(f"{self.root} does not hold {what}; found: {names}.")

    def _begins(self, looks_right: Callable[[str], bool], above: str) -> bool:
        """Return whether the layout begins in a folder above the root; troubles of that folder are not kept."""
        before = dict(self._troubles)
        try:
            return looks_right(above)
        except (OSError, DataError):
            return False
        finally:
            self._troubles = before

    # --- reading -----------------------------------------------------------------------------------------------------

    def path(self, place: str) -> Path:
        """Return the path on disk of an id that leads into no archive."""
        return self.root / on_disk(place)

    def read(self, place: str) -> bytes:
        """
        Return the content of a file.

        Raises
        ------
        OSError, DataError
            If it is not there, or leads out of the root.
        """
        archive, inside = self._split_inside(place)
        if not archive:
            return read_file(self.root / on_disk(place))
        return b"".join(self._entry_blocks(archive, inside, MAX_FILE, -1))

    def extract(self, place: str, target: Path) -> None:
        """
        Copy a file of an archive to the disk, which may be larger than memory; errors as in `read`, and of writing.

        Parameters
        ----------
        place : str
            Id that leads into an archive.
        target : Path
            Of the copy.
        """
        with target.open("wb") as file:
            file.writelines(self._entry_blocks(*self._split_inside(place), MAX_ENTRY, COPIED_AT_ONCE))

    def _split_inside(self, place: str) -> tuple[str, str]:
        """Split an id as `_split` does, and refuse one that leads out of the root."""
        pure = PurePosixPath(place)
        archive, inside = self._split(place)
        if ".." in pure.parts or pure.is_absolute() or not (self.follow_links or self._is_inside(archive or place)):
            raise DataError(f"{place} leads out of {self.root}; it is not read.")
        return archive, inside

    def _entry_blocks(self, archive: str, inside: str, most_bytes: int, at_once: int) -> Iterator[bytes]:
        """Yield the content of an entry, `at_once` bytes at a time; all of it for -1."""
        opened = self._open(archive)
        try:
            entry = opened.getinfo(inside)
        except KeyError:
            raise FileNotFoundError(2, "No such entry", f"{archive}/{inside}") from None
        if entry.file_size > most_bytes:
            raise DataError(f"{archive}/{inside} says that it holds {entry.file_size / 2**30:.0f} GiB; unpack it by hand.")
        try:
            with opened.open(entry) as file:
                while block := file.read(at_once):
                    yield block
        except BROKEN_ENTRY as error:
            raise DataError(f"{archive}/{inside} cannot be taken out of the archive ({error}); get it again.") from error

    def _open(self, archive: str) -> zipfile.ZipFile:
        path = self.root / on_disk(archive)
        try:
            facts = path.stat()
            return _open_archive(str(path), facts.st_mtime_ns, facts.st_size)
        except (zipfile.BadZipFile, ValueError) as error:
            raise DataError(f"{archive} is no archive that can be read ({error}); get it again.") from error

    def _split(self, place: str) -> tuple[str, str]:
        """Split an id as `split_archive` does, except that a folder whose name ends in ``.zip`` is a folder."""
        archive, inside = split_archive(place) if self.archives else ("", "")
        while archive and (self.root / on_disk(archive)).is_dir():
            further, inside = split_archive(inside)
            archive = f"{archive}/{further}" if further else ""
        return archive, inside

    def read_text(self, place: str) -> str:
        """Return the content of a text file; bytes that are not UTF-8 are replaced."""
        return self.read(place).decode("utf-8-sig", errors="replace")

    # --- listing -----------------------------------------------------------------------------------------------------

    def _listing(self, place: str) -> tuple[list[str], list[str]]:
        archive, inside = self._split(place)
        if archive:
            return self._archives(archive).get(inside, ([], []))
        return self._on_disk(place)

    def _on_disk(self, place: str) -> tuple[list[str], list[str]]:
        listing = self._known.get(place)
        if listing is not None:
            return listing
        folders: list[str] = []
        files: list[str] = []
        try:
            entries = sorted(os.scandir(self.root / on_disk(place)), key=lambda entry: entry.name)
        except OSError as error:
            self.report(place or ".", "unreadable", f"cannot be listed ({error.strerror}); mend its permissions.")
            entries = []
        for entry in entries:
            if is_hidden(entry.name):
                continue
            path = f"{place}/{printable(entry.name)}" if place else printable(entry.name)
            kind = self._kind(place, path, entry)
            if kind:
                (folders if kind == "folder" else files).append(path)
        self._known[place] = folders, files
        return folders, files

    def _kind(self, place: str, path: str, entry: "os.DirEntry[str]") -> str:
        """Return ``folder``, ``file``, or an empty text for an entry that is passed over."""
        try:
            if entry.is_symlink() and not self._follows(place, path, entry):
                return ""
            if entry.is_dir():
                return "folder"
            if not entry.is_file():
                self.report(path, "unreadable", "is neither a file nor a folder; it is passed over.")
                return ""
        except OSError as error:
            self.report(path, "unreadable", f"cannot be looked at ({error.strerror}); mend its permissions.")
            return ""
        if entry.name.lower().endswith(PACKED):
            self.report(path, "packed", "is an archive that is not read; unpack it beside itself.")
            return ""
        return "folder" if self.archives and suffix_of(entry.name) == ARCHIVE else "file"

    @cached_property
    def _known(self) -> dict[str, tuple[list[str], list[str]]]:
        return {}

    @cached_property
    def _resolved_root(self) -> Path:
        return self.root.resolve()

    def _resolved(self, place: str) -> Path:
        return (self.root / on_disk(place)).resolve()

    def _is_inside(self, place: str) -> bool:
        try:
            return self._resolved(place).is_relative_to(self._resolved_root)
        except RuntimeError:  # links in a circle
            return False

    def _follows(self, place: str, path: str, entry: "os.DirEntry[str]") -> bool:
        """Return whether a link is followed; a broken link or a circle never is."""
        try:
            entry.stat()  # of what it points to; the entry remembers it
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
            self.report(
                path,
                "outside",
                f"is a link to {printable(str(Path(entry).readlink()))}, which is not there; mend or delete it.",
            )
            return False
        if entry.is_dir() and self._is_circle(place, self._resolved(path)):
            self.report(path, "outside", "is a link to a folder above it; delete it.")
            return False
        if self.follow_links or self._is_inside(path):
            return True
        target = self.root / on_disk(path)
        self.report(
            path,
            "outside",
            f"is a link out of the folder, to {printable(str(target.resolve()))}; copy what it points to, or set follow_links.",
        )
        return False

    def _is_circle(self, place: str, target: Path) -> bool:
        """Return whether a link in `place` leads to a folder above it, some of which may be links themselves."""
        way = {self._resolved(str(above)) for above in (place, *PurePosixPath(place).parents)}
        return target in way or self._resolved_root.is_relative_to(target)

    def _archives(self, archive: str) -> dict[str, tuple[list[str], list[str]]]:
        """Return the listings of all folders of an archive, by id inside it."""
        if archive not in self._contents:
            self._contents[archive] = self._list_archive(archive)
        return self._contents[archive]

    @cached_property
    def _contents(self) -> dict[str, dict[str, tuple[list[str], list[str]]]]:
        return {}

    def _list_archive(self, archive: str) -> dict[str, tuple[list[str], list[str]]]:
        try:
            names = self._open(archive).namelist()
        except OSError as error:
            self.report(archive, "unreadable", f"cannot be opened ({error.strerror}); mend its permissions.")
            return {}
        except DataError as error:
            self.report(archive, "unreadable", str(error).removeprefix(f"{archive} "))
            return {}
        folders: dict[str, set[str]] = {"": set()}
        files: dict[str, set[str]] = {"": set()}
        for name in names:
            parts = PurePosixPath(name).parts
            if not parts or any(is_hidden(part) and part != ".." for part in parts):
                continue
            if self._is_bad_entry(archive, name, parts):
                continue
            depth = len(parts) if name.endswith("/") else len(parts) - 1
            for i in range(depth):
                above, below = "/".join(parts[:i]), "/".join(parts[: i + 1])
                folders.setdefault(above, set()).add(below)
                folders.setdefault(below, set())
            if name.endswith("/"):
                continue
            inside = files.setdefault("/".join(parts[:-1]), set())
            if name in inside:
                self.report(f"{archive}/{name}", "duplicate", "is in the archive twice; the later one is used.")
            inside.add(name)

        def ids(names: Iterable[str]) -> list[str]:
            return [f"{archive}/{name}" for name in sorted(names)]

        return {place: (ids(folders[place]), ids(files.get(place, ()))) for place in folders}

    def _is_bad_entry(self, archive: str, name: str, parts: Sequence[str]) -> bool:
        if ".." in parts or name.startswith("/") or re.match(r"[A-Za-z]:", name):
            detail = "is an entry that leads out of its archive; it is passed over."
        elif "\\" in name:
            detail = "is an entry whose folders are written with backslashes; unpack the archive beside itself."
        else:
            return False
        self.report(f"{archive}/{name}", "bad_entry", detail)
        return True


def split_archive(place: str) -> tuple[str, str]:
    """
    Split an id into the archive that it leads into and what follows; two empty strings if it leads into none.

    >>> split_archive("a/b.zip/c/1.jpg"), split_archive("a/1.jpg")
    (('a/b.zip', 'c/1.jpg'), ('', ''))
    """
    parts = place.split("/")
    for i, part in enumerate(parts):
        if part.lower().endswith(ARCHIVE):
            return "/".join(parts[: i + 1]), "/".join(parts[i + 1 :])
    return "", ""


@lru_cache(maxsize=64)
def _open_archive(path: str, modified: int, size: int) -> zipfile.ZipFile:
    """Open an archive once; one that was written anew is another."""
    return zipfile.ZipFile(path)
