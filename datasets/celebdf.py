"""Celeb-DF v2: faces of celebrities swapped in clips of interviews."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar

from ..benchmark.contracts import FAKE, LABEL_NAMES, REAL
from ..benchmark.errors import DataError
from .copies.clips import is_packed, loose_clips, refuse_packed
from .copies.draw import two_sides_text
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import Tree, Trouble, child_key

WAYS = ("official", "identity")
LIST = "List_of_testing_videos.txt"
LIST_LABELS = {"1": REAL, "0": FAKE}  # the other way round than everywhere else
N_LISTED = 518


@dataclass(frozen=True)
class Part:
    """One of the three folders: its label, how its clips are called, and how many a whole copy has."""

    name: str
    label: int
    pattern: re.Pattern[str]
    n_clips: int


PARTS = (
    Part("Celeb-real", REAL, re.compile(r"(?P<target>id\d+)_(?P<clip>\d+)"), 590),
    Part("YouTube-real", REAL, re.compile(r"(?P<clip>\d+)"), 300),
    Part("Celeb-synthesis", FAKE, re.compile(r"(?P<target>id\d+)_(?P<donor>id\d+)_(?P<clip>\d+)"), 5639),
)


@dataclass(eq=False, repr=False)
class CelebDF(SourceDataset):
    """
    Clips of Celeb-DF v2, split by its official test list or by identity.

    Identities are those of the names: ``id0_id1_0000`` is clip ``id0_0000`` with the face of ``id1``. The clips of
    ``YouTube-real`` show somebody else each, who has no name.

    Parameters
    ----------
    root, seed, replicate, follow_links
        See `SourceDataset`.
    split : {"official", "identity"}
        ``official``: test is the official list, training and validation are drawn from the rest by identity. The list shares
        identities with the rest, so that the leak guard refuses to train and test on it; as a test set for what was
        trained elsewhere it is fine. ``identity``: the list is not used, all splits are drawn by identity, and fakes whose
        two faces are on different sides are left out.
    """

    name = "celebdf"
    source = "Li et al., CVPR 2020, arXiv:1909.12962"
    licence = "Celeb-DF terms of use: non-commercial research, on request"
    dates: ClassVar[Mapping[str, str]] = {"": "2019-09"}
    obtain = "https://github.com/yuezunli/celeb-deepfakeforensics (a form, then a link)"
    layout = "Celeb-real/*.mp4, YouTube-real/*.mp4, Celeb-synthesis/*.mp4, List_of_testing_videos.txt"
    what = "Celeb-DF v2 (Celeb-real/, YouTube-real/, Celeb-synthesis/)"
    clips = True
    draw = "identities"

    split: str = "official"

    def survey(self, tree: Tree) -> Survey:
        self._check_split()
        base = tree.find_base(lambda place: any(tree.folder(place, part.name) for part in PARTS), self.what)
        refuse_packed(self.name, tree, base)
        for folder in tree.folders(base):
            is_packed(tree, folder)
        sources = [source for part in PARTS for source in list_part(tree, base, part)]
        missing = list(gaps(sources))
        listed = tree.file(base, LIST) or tree.file("", LIST)
        if not listed:
            note = f"without {LIST} all splits are drawn by identity"
            return Survey(tuple(sources), (*missing, f"{LIST}, the official test list"), notes=(note,))
        test_list = read_list(tree, listed, sources)
        sources = [replace(source, split="test") if source.id in test_list.ids else source for source in sources]
        return Survey(
            tuple(sources), (*missing, *test_list.missing), test_list.troubles, (*test_list.notes, *shared_identities(sources))
        )

    # --- which split counts: asked when items are listed, so that one preparation serves both --------------------------

    def interpreted(self, survey: Survey) -> Survey:
        self._check_split()
        if self.split == "official":
            return survey
        note = "splits are drawn by identity (split=identity); the official test list is not used"
        return replace(survey, sources=tuple(replace(s, split=None) for s in survey.sources), notes=(*survey.notes, note))

    def survey_options(self) -> dict[str, Any]:
        return {name: value for name, value in super().survey_options().items() if name != "split"}

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        n = sum(source.split == "" for source in self._with_splits())
        if n:
            facts["notes"].append(two_sides_text(n))
        return facts

    def _check_split(self) -> None:
        if self.split not in WAYS:
            raise DataError(f"{self.name}: split is one of {' and '.join(WAYS)}, got '{self.split}'.")


# --- clips -----------------------------------------------------------------------------------------------------------


def list_part(tree: Tree, base: str, part: Part) -> Iterator[Source]:
    """List the clips of one folder; report names of another form and clips that occur twice."""
    folder = tree.folder(base, part.name)
    seen: dict[str, str] = {}
    for path in sorted(loose_clips(tree, folder)) if folder else ():
        stem = PurePosixPath(path).stem.lower()
        match = part.pattern.fullmatch(stem)
        if not match:
            tree.report(path, "unknown", f"is not called like the clips of {part.name}; it is passed over.")
        elif seen.setdefault(stem, path) != path:
            tree.report(path, "duplicate", f"is the clip {seen[stem]} again; delete one of them.")
        else:
            yield as_source(path, part, match)


def as_source(path: str, part: Part, match: re.Match[str]) -> Source:
    """Make a source of a clip, with the identities in its name; a fake and the real that it was made from are one video."""
    names = match.groupdict(default="")
    target, donor = names.get("target", ""), names.get("donor", "")
    footage = f"{target}_{names['clip']}" if target else f"youtube_{names['clip']}"
    generator = "celeb_synthesis" if part.label == FAKE else ""
    return Source(path, "clip", part.label, ("",), None, target, donor, footage, generator)


def clip_key(path: str) -> tuple[str, str]:
    """
    Return the key of a clip, which does not depend on its folder: its part and its name.

    >>> clip_key("Celeb-real/videos/id0_0000.MP4")
    ('celeb_real', 'id0_0000')
    """
    names = {child_key(part.name) for part in PARTS}
    folders = [child_key(folder) for folder in path.split("/")[:-1]]
    return next((folder for folder in reversed(folders) if folder in names), ""), PurePosixPath(path).stem.lower()


def gaps(sources: Sequence[Source]) -> Iterator[str]:
    """List the parts of the distribution that the copy lacks."""
    for part in PARTS:
        n = sum(clip_key(source.id)[0] == child_key(part.name) for source in sources)
        if not n:
            yield f"{part.name}/"
        elif n < part.n_clips:
            yield f"{part.name}/: only {n} of {part.n_clips} clips"


# --- the official test list ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """
    The official test list, applied to a copy.

    Attributes
    ----------
    ids : frozenset of str
        Ids of the listed clips that the copy has.
    missing, troubles, notes
        As in `Survey`.
    """

    ids: frozenset[str]
    missing: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A line of the list; `label` is None where it is neither 0 nor 1."""

    number: int
    text: str
    label: int | None
    clip: str

    @classmethod
    def parse(cls, number: int, text: str) -> "Line":
        """
        Read ``1 Celeb-real/id1_0005.mp4``, where 1 is real.

        >>> Line.parse(7, "0 Celeb-synthesis/id1_id0_0005.mp4")
        Line(number=7, text='0 Celeb-synthesis/id1_id0_0005.mp4', label=1, clip='Celeb-synthesis/id1_id0_0005.mp4')
        """
        mark, *rest = text.split(maxsplit=1)
        return cls(number, text, LIST_LABELS.get(mark), "".join(rest).strip().replace("\\", "/"))

    def disagreement(self, source: Source) -> str:
        """Describe the contradiction if the clip's folder is of the other class; return an empty text if it is not."""
        if self.label is None or self.label == source.label:
            return ""
        names = LABEL_NAMES[self.label], LABEL_NAMES[source.label]
        return f"line {self.number} calls {self.clip} {names[0]}; its folder says {names[1]}, which counts."


def read_list(tree: Tree, path: str, sources: Iterable[Source]) -> Listed:
    """Read the official test list and look its clips up; the class of a clip is that of its folder."""
    texts = enumerate(tree.read_text(path).splitlines(), 1)
    lines = [Line.parse(number, text) for number, text in texts if text.strip()]
    strange = [line for line in lines if line.label is None or not is_clip(line.clip)]
    by_key = {clip_key(source.id): source for source in sources}
    matches = [(line, by_key[clip_key(line.clip)]) for line in lines if line not in strange and clip_key(line.clip) in by_key]
    absent = [line.clip for line in lines if line not in strange and clip_key(line.clip) not in by_key]
    disagreeing = [text for line, source in matches if (text := line.disagreement(source))]
    turned = len(matches) > 1 and len(disagreeing) == len(matches)
    details = [f"line {line.number}, '{line.text.strip()}', names no clip with 1 (real) or 0 (fake)." for line in strange]
    return Listed(
        frozenset(source.id for _, source in matches),
        (f"{len(absent)} clips that {path} names, for example {absent[0]}",) if absent else (),
        tuple(Trouble(path, "unknown", detail) for detail in [*details, *([] if turned else disagreeing)]),
        tuple(list_notes(path, len(matches), turned)),
    )


def list_notes(path: str, n_found: int, turned: bool) -> Iterator[str]:
    """Describe the share of the listed clips that the copy has, and labels that are inverted."""
    if n_found:
        yield f"test is the official list, {n_found} of its {N_LISTED} clips"
    else:
        yield f"nothing that {path} names is there; all splits are drawn by identity"
    if turned:
        yield f"{path} has all labels the other way round than the official one, where 1 is real; folders count"


def is_clip(path: str) -> bool:
    """Return whether the path has the form of a clip's name in one of the parts."""
    folder, stem = clip_key(path)
    return any(child_key(part.name) == folder and part.pattern.fullmatch(stem) for part in PARTS)


def shared_identities(sources: Sequence[Source]) -> Iterator[str]:
    """Count the identities that the official test clips share with the rest; yield nothing if there is none."""
    sides: list[set[str]] = [set(), set()]
    for source in sources:
        sides[source.split == "test"].update(name for name in (source.target, source.donor) if name)
    shared = len(sides[0] & sides[1])
    if shared:
        yield (
            f"{shared} of {len(sides[1])} identities of the official test list also appear in the rest, so that training on "
            "the rest and testing on the list is refused; split=identity draws all splits by identity instead and leaves "
            "out the fakes between two sides"
        )
