"""DeepfakeTIMIT: faces swapped between 16 pairs of VidTIMIT's speakers, at two qualities, against VidTIMIT itself."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from ..benchmark.contracts import FAKE, REAL
from ..benchmark.errors import DataError
from ..benchmark.pictures import crops as images
from .copies.clips import loose_clips, refuse_packed
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import Tree, Trouble, child_key

QUALITIES = {
    "higher_quality": ("higher_quality", "high_quality", "higher", "high", "hq"),
    "lower_quality": ("lower_quality", "low_quality", "lower", "low", "lq"),
}
GENERATORS = {"higher_quality": "faceswap_gan_128", "lower_quality": "faceswap_gan_64"}
N_SUBJECTS, N_UTTERANCES = 32, 10
FAKE_NAME = re.compile(r"(?P<utterance>[a-z0-9]+)-video-(?P<donor>[a-z0-9]+)", re.IGNORECASE)
HEAD_MOVEMENT = re.compile(r"head\d*", re.IGNORECASE)
STILLS = ("", *images.SUFFIXES)
REALS = "vidtimit"  # name of VidTIMIT's folder, and what ids begin with that lead into a second one
REALS_DEPTH = 4  # VidTIMIT/fadg0.zip/fadg0/video


class TwoFolders(Tree):
    """
    A tree with a folder from elsewhere mounted under a name of its own.

    Parameters
    ----------
    root : Path
    follow_links : bool
    name : str
        Name of the other folder in the root; a file or folder of the root with that name is hidden.
    other : Path
    """

    def __init__(self, root: Path, follow_links: bool, name: str, other: Path) -> None:
        super().__init__(root, follow_links)
        self.name = name
        self.other = Tree(other, follow_links)

    @property
    def troubles(self) -> list[Trouble]:
        beside = [Trouble(f"{self.name}/{t.path}", t.status, t.detail) for t in self.other.troubles]
        return sorted([*super().troubles, *beside], key=lambda trouble: trouble.path)

    def path(self, place: str) -> Path:
        inside = self._inside(place)
        return super().path(place) if inside is None else self.other.path(inside)

    def read(self, place: str) -> bytes:
        inside = self._inside(place)
        return super().read(place) if inside is None else self.other.read(inside)

    def _listing(self, place: str) -> tuple[list[str], list[str]]:
        inside = self._inside(place)
        if inside is None:
            folders, files = super()._listing(place)
            return (sorted({*folders, self.name}) if not place else folders), files
        folders, files = ([f"{self.name}/{path}" for path in paths] for paths in self.other._listing(inside))
        return folders, files

    def _inside(self, place: str) -> str | None:
        """Return the id in the other folder; None if the place is not in it."""
        head, _, rest = place.partition("/")
        return rest if head == self.name else None


@dataclass(eq=False, repr=False)
class Timit(SourceDataset):
    """
    Clips of DeepfakeTIMIT and the stills of VidTIMIT that they were made from.

    Groups are pairs of subjects, because both of a pair wear the other's face. The classes come in different formats, so
    that preparation passes both through one codec.

    Parameters
    ----------
    root, seed, replicate, follow_links
        See `SourceDataset`. VidTIMIT is looked for in the root and beside DeepfakeTIMIT's folders.
    vidtimit : str, optional
        Folder of VidTIMIT, where it is somewhere else.
    """

    name = "timit"
    source = "Korshunov and Marcel, arXiv:1812.08685; VidTIMIT: Sanderson and Lovell, ICB 2009"
    licence = "DeepfakeTIMIT and VidTIMIT: research only, each under the terms that come with it"
    dates: ClassVar[Mapping[str, str]] = {"": "2018-12"}
    obtain = "https://www.idiap.ch/en/dataset/deepfaketimit (fakes) and https://conradsanderson.id.au/vidtimit (reals)"
    layout = (
        "{higher_quality,lower_quality}/<subject>/<utterance>-video-<source>.avi, and VidTIMIT/<subject>/video/<utterance>/001"
    )
    what = "DeepfakeTIMIT (higher_quality/, lower_quality/)"
    clips = True
    preparation = {"recode": "h264:23"}

    vidtimit: str | None = None

    @cached_property
    def tree(self) -> Tree:
        if self.vidtimit is None:
            return Tree(self.folder, self.follow_links)
        other = Path(str(self.vidtimit)).expanduser()  # a folder called 2024 is read as a number
        if not other.is_dir():
            raise DataError(f"{self.name}: vidtimit={self.vidtimit} does not exist or is not a folder; check the path.")
        return TwoFolders(self.folder, self.follow_links, REALS, other)

    def survey_options(self) -> dict[str, Any]:
        elsewhere = self.vidtimit and str(Path(str(self.vidtimit)).expanduser().resolve())
        return {**super().survey_options(), "vidtimit": elsewhere}

    def find_variants(self, text: str) -> tuple[str, ...]:
        meant = next((quality for quality, names in QUALITIES.items() if child_key(text) in names), text)
        return super().find_variants(meant)

    def survey(self, tree: Tree) -> Survey:
        base = tree.find_base(lambda place: bool(quality_folders(tree, place)), self.what)
        refuse_packed(self.name, tree, base)
        qualities = quality_folders(tree, base)
        fakes = [fake for quality, folder in qualities.items() for fake in list_fakes(tree, quality, folder)]
        sequences = sorted({s for place in self._places_of_reals(tree, base) for s in find_sequences(tree, place)})
        reals = list(list_reals(tree, sequences, tuple(qualities)))
        n_head = sum(bool(HEAD_MOVEMENT.fullmatch(sequence.rpartition("/")[2])) for sequence in sequences)
        return Survey((*fakes, *reals), tuple(gaps(fakes, reals)), notes=tuple(remarks(n_head)))

    def _places_of_reals(self, tree: Tree, base: str) -> list[str]:
        """List the folders that may hold VidTIMIT."""
        if self.vidtimit is None:
            above = {"", base.rpartition("/")[0]}
            return [base, *(folder for place in sorted(above) if (folder := tree.folder(place, REALS)))]
        if tree.folder(REALS, "video"):
            raise DataError(f"{self.name}: vidtimit={self.vidtimit} is the folder of one person; give the folder above.")
        return [REALS]


def quality_folders(tree: Tree, place: str) -> dict[str, str]:
    """Find the folders of the qualities in `place`."""
    folders = {quality: tree.folder(place, *names) for quality, names in QUALITIES.items()}
    return {quality: folder for quality, folder in folders.items() if folder}


def list_fakes(tree: Tree, quality: str, folder: str) -> Iterator[Source]:
    """List the clips of one quality; report names of another form and clips that occur twice."""
    seen: dict[tuple[str, str, str], str] = {}
    for path in sorted(loose_clips(tree, folder)):
        above, _, file = path.rpartition("/")
        match = FAKE_NAME.fullmatch(file.rpartition(".")[0])
        if not match or above == folder:
            tree.report(path, "unknown", "is not <subject>/<utterance>-video-<source>; name it so, or take it out.")
            continue
        subject, utterance, donor = (part.lower() for part in (above.rpartition("/")[2], match["utterance"], match["donor"]))
        first = seen.setdefault((subject, utterance, donor), path)
        if first != path:
            tree.report(path, "duplicate", f"is the clip {first} again; delete one of them.")
            continue
        footage = f"{subject}/{utterance}"
        yield Source(path, "clip", FAKE, (quality,), None, subject, donor, footage, generator=GENERATORS[quality])


def find_sequences(tree: Tree, place: str, depth: int = REALS_DEPTH) -> Iterator[str]:
    """Find VidTIMIT's sequences, ``<subject>/video/<utterance>``, at most `depth` levels below `place`."""
    folder = tree.folder(place, "video")
    if folder:
        yield from tree.folders(folder)
        return
    quality_names = {name for names in QUALITIES.values() for name in names}
    for below in tree.folders(place) if depth else ():
        if child_key(below.rpartition("/")[2]) not in quality_names:
            yield from find_sequences(tree, below, depth - 1)


def list_reals(tree: Tree, sequences: Iterable[str], domains: tuple[str, ...]) -> Iterator[Source]:
    """List the sequences of spoken sentences; report empty ones and those that occur twice."""
    seen: dict[str, str] = {}
    for path in sequences:
        subject, _, utterance = path.lower().split("/")[-3:]
        footage = f"{subject}/{utterance}"
        if HEAD_MOVEMENT.fullmatch(utterance):
            continue
        if not tree.files(path, STILLS):
            tree.report(path, "unreadable", "holds no stills (001, 002, ...); get it again.")
        elif seen.setdefault(footage, path) != path:
            tree.report(path, "duplicate", f"is the sequence {seen[footage]} again; delete one of them.")
        else:
            yield Source(path, "frames", REAL, domains, None, subject, video=footage)


def gaps(fakes: Sequence[Source], reals: Sequence[Source]) -> Iterator[str]:
    """List the parts of the distribution that the copy lacks."""
    count = Counter(fake.domains[0] for fake in fakes)
    n_clips = N_SUBJECTS * N_UTTERANCES
    for quality in QUALITIES:
        if not count[quality]:
            yield f"{quality}/"
        elif count[quality] < n_clips:
            yield f"{quality}/: only {count[quality]} of {n_clips} clips"
    without = {fake.target for fake in fakes} - {real.target for real in reals}
    if not reals:
        yield f"VidTIMIT, the reals: put it beside DeepfakeTIMIT as {REALS}/, or give its folder with --data timit.{REALS}=DIR"
    elif without:
        yield f"VidTIMIT: the stills of {', '.join(sorted(without))}"


def remarks(n_head: int) -> Iterator[str]:
    """Describe the difference of file formats between the classes, and sequences that are left out."""
    recode = Timit.preparation["recode"]
    yield (
        "reals are JPEG stills and fakes are AVI clips, so that the format alone tells the classes apart; preparation passes "
        f"the frames of both through one codec (recode={recode}) unless told otherwise, which covers traces of the formats "
        "and does not undo them"
    )
    if n_head:
        yield f"{n_head} head-movement sequences of VidTIMIT (head, head2, head3) are left out: no fake was made from them"
