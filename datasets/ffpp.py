"""FaceForensics++ with FaceShifter and DeepFakeDetection, as the authors' download script leaves it on a disk."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..benchmark.contracts import FAKE, REAL, SPLITS, Split
from ..benchmark.errors import DataError, listed
from ..benchmark.pictures.video import SUFFIXES as CLIP_SUFFIXES
from .copies.sources import SourceDataset
from .copies.survey import Kind, Source, Survey
from .copies.tree import Tree, child_key

OFFICIAL = Path(__file__).with_name("splits") / "ffpp.json"
COMPRESSIONS = {"raw": "raw", "c0": "raw", "c23": "c23", "c40": "c40"}
NOT_PICTURES = ("masks", "models", "landmarks")
MEDIA: dict[str, str] = {"videos": "videos", "images": "images", "frames": "images"}
SHOWN = 5  # names in a message

PAIR = re.compile(r"(?P<target>\d{3})_(?P<donor>\d{3})")
YOUTUBE = re.compile(r"(?P<target>\d{3})")
ACTOR = re.compile(r"(?P<target>\d{2})__(?P<scene>.+)")
ACTOR_PAIR = re.compile(r"(?P<target>\d{2})_(?P<donor>\d{2})__(?P<scene>.+)__[A-Za-z0-9]{8}")

SplitName = Split | Literal[""]
Place = tuple[str, str]  # collection, compression


@dataclass(frozen=True)
class Collection:
    """
    The originals of one kind, or the fakes of one method.

    Attributes
    ----------
    top : str
        Folder that it is in.
    n_clips : int
        Clips of the distribution, per compression.
    names : re.Pattern
        Pattern of its clips' names, with the groups ``target`` and perhaps ``donor``.
    example : str
        Such a name.
    originals : str
        Collection that fakes were made from; empty for originals.
    """

    top: str
    n_clips: int
    names: re.Pattern[str]
    example: str
    originals: str = ""

    @property
    def has_actors(self) -> bool:
        """True if identities are actors of DeepFakeDetection, whom no official list splits."""
        return self.names in (ACTOR, ACTOR_PAIR)


METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
COLLECTIONS = {
    "youtube": Collection("original_sequences", 1000, YOUTUBE, "071"),
    "actors": Collection("original_sequences", 363, ACTOR, "01__exit_phone_room"),
    **{name: Collection("manipulated_sequences", 1000, PAIR, "071_054", "youtube") for name in METHODS},
    "DeepFakeDetection": Collection(
        "manipulated_sequences", 3068, ACTOR_PAIR, "01_02__exit_phone_room__YVGY8LOK", originals="actors"
    ),
}
TOPS = tuple(dict.fromkeys(collection.top for collection in COLLECTIONS.values()))


@dataclass(frozen=True)
class Clip:
    """A clip or a folder of frames: its id in the tree, its kind, and the match of its name."""

    id: str
    kind: Kind
    name: re.Match[str]


class FFPP(SourceDataset):
    """
    Originals from YouTube with five manipulations of each, and DeepFakeDetection, in up to three compressions.

    A domain is a method and a compression, ``Deepfakes@c23``; the originals of that compression are its reals. The methods on
    YouTube originals have the authors' lists of pairs as splits (720, 140 and 140 videos), or those of the copy.
    DeepFakeDetection has none and is split by actor; swaps between actors of two sides are left out.
    """

    name = "ffpp"
    source = (
        "Rössler et al. 2019, FaceForensics++, arXiv:1901.08971, github.com/ondyari/FaceForensics; "
        "Li et al. 2019, FaceShifter, arXiv:1912.13457; Dufour and Gully 2019, DeepFakeDetection (Google and Jigsaw)"
    )
    licence = "FaceForensics Terms of Use: research and education, not commercial, not to be passed on"
    obtain = (
        "fill in the form that github.com/ondyari/FaceForensics links to; the authors answer with a download script; "
        "its options -c c23 -t videos fetch what is wanted here"
    )
    layout = (
        "original_sequences/{youtube,actors}/{raw,c23,c40}/videos/*.mp4 and "
        "manipulated_sequences/{Deepfakes,Face2Face,FaceSwap,NeuralTextures,FaceShifter,DeepFakeDetection}/{raw,c23,c40}/"
        "videos/*.mp4, or images/<clip>/*.png in place of videos/; any part of it"
    )
    what = "FaceForensics++ (original_sequences/ and manipulated_sequences/)"
    clips = True
    draw = "identities"
    may_be_shown = False
    dates: ClassVar[Mapping[str, str]] = {
        "Deepfakes": "2019-01",
        "Face2Face": "2019-01",
        "FaceSwap": "2019-01",
        "NeuralTextures": "2019-08",  # came with the second version of the data set
        "DeepFakeDetection": "2019-09",
        "FaceShifter": "2019-12",
    }

    def survey(self, tree: Tree) -> Survey:
        base = tree.find_base(lambda place: tree.folder(place, *TOPS) is not None, self.what)
        parts, doubles = _find_parts(tree, base)
        domains = _domains_of(parts)
        if not any(domains.values()):
            raise DataError(self._no_domain(tree, parts))
        split_of, notes = _find_lists(tree, base)
        sources = [
            _source(place, clip, names, split_of) for place, names in domains.items() if names for clip in parts[place].values()
        ]
        notes += _notes(parts, domains, doubles, sources)
        return Survey(tuple(sources), _missing(parts), (), tuple(notes))

    def _no_domain(self, tree: Tree, parts: Mapping[Place, Mapping[str, Clip]]) -> str:
        counts = ", ".join(f"{_shown(place)} ({len(clips)} clips)" for place, clips in parts.items()) or "no clip"
        over = "; ".join(f"{trouble.path} {trouble.detail}" for trouble in tree.troubles[:SHOWN])
        passed = f" Passed over: {over}" if over else ""
        return (
            f"{self.name}: {self.root} makes no domain, which takes fakes and their originals in one compression "
            f"(Deepfakes@c23 with youtube@c23, DeepFakeDetection@c23 with actors@c23); found: {counts}.{passed}"
        )

    def drawn(self, sources: Sequence[Source]) -> list[Source]:
        """Split DeepFakeDetection by actor, whatever lists the rest comes with."""
        drawn = {source.id: source for source in super().drawn([source for source in sources if source.split is None])}
        return [drawn.get(source.id, source) for source in sources]

    def find_variants(self, text: str) -> tuple[str, ...]:
        """See `Dataset.find_variants`; ``c0`` is another word for ``raw``, and case does not matter."""
        generator, mark, compression = text.partition("@")
        names = {child_key(name): name for name in COLLECTIONS}
        generator = names.get(child_key(generator), generator)
        return super().find_variants(generator + mark + COMPRESSIONS.get(compression.lower(), compression))

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        swaps = [s for s in self._with_splits() if s.generator == "DeepFakeDetection"]
        between = sum(not swap.split for swap in swaps)
        if between:
            facts["notes"].append(
                f"DeepFakeDetection: {between} of {len(swaps)} fakes are between actors of two splits and are left out"
            )
        return facts


# --- folders and clips -----------------------------------------------------------------------------------------------


def _find_parts(tree: Tree, base: str) -> tuple[dict[Place, dict[str, Clip]], int]:
    """Find the clips of every collection and compression, by name; count those that are there as frames, too."""
    parts: dict[Place, dict[str, Clip]] = {}
    doubles = 0
    for top in TOPS:
        names = {name: name for name, collection in COLLECTIONS.items() if collection.top == top}
        place = tree.folder(base, top)
        for name, folder in _known_folders(tree, place, names).items() if place is not None else ():
            for compression, below in _known_folders(tree, folder, COMPRESSIONS, NOT_PICTURES).items():
                clips, twice = _find_clips(tree, below, COLLECTIONS[name])
                doubles += twice
                if clips:
                    parts[name, compression] = clips
    return parts, doubles


def _known_folders(tree: Tree, place: str, known: Mapping[str, str], passed: Iterable[str] = ()) -> dict[str, str]:
    """Find sub-folders with known names, by the meaning of the name; report others."""
    meaning = {child_key(name): stands_for for name, stands_for in known.items()}
    folders: dict[str, str] = {}
    for folder in tree.folders(place):
        key = child_key(_last(folder))
        if key not in meaning and key not in passed:
            tree.report(folder, "unknown", f"is none of {', '.join(known)}; rename or unpack it if it is one of them.")
        elif meaning.get(key) in folders:
            tree.report(folder, "duplicate", f"is the same as {folders[meaning[key]]}, which is used.")
        elif key in meaning:
            folders[meaning[key]] = folder
    return folders


def _find_clips(tree: Tree, place: str, collection: Collection) -> tuple[dict[str, Clip], int]:
    """Find the clips of one compression by name, a video before its frames; count those that are there as both."""
    folders = _known_folders(tree, place, MEDIA, NOT_PICTURES)
    videos = tree.files(place, CLIP_SUFFIXES)  # people leave out the folder videos/
    videos += tree.files(folders["videos"], CLIP_SUFFIXES) if "videos" in folders else []
    framed = tree.folders(folders["images"]) if "images" in folders else []
    clips = _by_name(tree, videos, "clip", collection)
    frames = _by_name(tree, framed, "frames", collection)
    return {**frames, **clips}, len(clips.keys() & frames.keys())


def _by_name(tree: Tree, ids: Iterable[str], kind: Kind, collection: Collection) -> dict[str, Clip]:
    clips: dict[str, Clip] = {}
    for path in sorted(ids):
        name = _stem(path)
        match = collection.names.fullmatch(name)
        if not match:
            tree.report(path, "unknown", f"is no name of a clip here, such as {collection.example}; it is not used.")
        elif name in clips:
            tree.report(path, "duplicate", f"is the same clip as {clips[name].id}, which is used.")
        else:
            clips[name] = Clip(path, kind, match)
    return clips


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(path: str) -> str:
    """Return the last part of an id without the suffix of a clip or archive; names of actors' scenes may have a dot in them."""
    name, dot, suffix = _last(path).rpartition(".")
    return name if dot and f".{suffix.lower()}" in (*CLIP_SUFFIXES, ".zip") else _last(path)


# --- sources ---------------------------------------------------------------------------------------------------------


def _domains_of(parts: Mapping[Place, object]) -> dict[Place, tuple[str, ...]]:
    """Assign domains to every part: none to fakes without originals and to originals without fakes."""
    domains: dict[Place, list[str]] = {place: [] for place in parts}
    for name, compression in parts:
        originals = COLLECTIONS[name].originals, compression
        if originals in parts:
            domains[name, compression].append(f"{name}@{compression}")
            domains[originals].append(f"{name}@{compression}")
    return {place: tuple(sorted(names)) for place, names in domains.items()}


def _source(place: Place, clip: Clip, domains: tuple[str, ...], split_of: Mapping[str, Split]) -> Source:
    name, compression = place
    collection = COLLECTIONS[name]
    people = [person for person in (clip.name["target"], clip.name.groupdict().get("donor")) if person]
    named = [f"actor {person}" if collection.has_actors else person for person in people]
    return Source(
        clip.id,
        clip.kind,
        FAKE if collection.originals else REAL,
        domains,
        split=None if collection.has_actors else _common([split_of.get(person, "") for person in people]),
        target=named[0],
        donor="".join(named[1:]),
        video=clip.name[0],
        generator=name if collection.originals else "",
        compression=compression,
    )


def _common(splits: Sequence[SplitName]) -> SplitName:
    return splits[0] if len(set(splits)) == 1 else ""


# --- split lists -----------------------------------------------------------------------------------------------------


@cache
def official_lists() -> dict[str, Split]:
    """Read the authors' split of every id from 000 to 999."""
    lists = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    return {name: split for split in SPLITS for pair in lists[split] for name in pair.split("_")}


def _find_lists(tree: Tree, base: str) -> tuple[dict[str, Split], list[str]]:
    """Read the split of every id, from the copy's own lists if they are usable, and a note on their origin."""
    for place in _list_places(tree, base):
        paths: dict[Split, str | None] = {split: tree.file(place, f"{split}.json") for split in SPLITS}
        files: dict[Split, str] = {split: path for split, path in paths.items() if path}
        if not files:
            continue
        lists = _read_lists(tree, files)
        if lists is None:
            break
        same = "the same as" if lists == official_lists() else "other than"
        return lists, [f"splits: {', '.join(files.values())} of this copy, {same} the official lists"]
    return official_lists(), ["splits: the official lists of pairs (720, 140 and 140 videos)"]


def _list_places(tree: Tree, base: str) -> Iterator[str]:
    """Yield the existing folders in which the lists are usually kept."""
    for start in dict.fromkeys((base, "")):
        repository = tree.folder(start, "dataset")
        within = (tree.folder(start, "splits"), repository and tree.folder(repository, "splits"))
        yield from (place for place in within if place)
        yield start


def _read_lists(tree: Tree, files: Mapping[Split, str]) -> dict[str, Split] | None:
    """Read the split of every id; None, with a trouble, if the files cannot be used."""
    absent = [f"{split}.json" for split in SPLITS if split not in files]
    if absent:
        tree.report(
            files[next(iter(files))], "unreadable", f"lacks {', '.join(absent)} beside it; the official lists are used."
        )
        return None
    lists: dict[str, Split] = {}
    for split, path in files.items():
        try:
            ids = _ids_of(tree.read_text(path))
        except (OSError, ValueError, DataError) as error:
            tree.report(path, "unreadable", f"is no list of pairs of ids ({error}); the official lists are used.")
            return None
        strange = [name for name in ids if not YOUTUBE.fullmatch(name)]
        if strange:
            tree.report(
                path, "unknown", f"names what is no clip of 000 to 999: {listed(strange, SHOWN)}; the rest of it is used."
            )
        twice = [name for name in ids if lists.get(name, split) != split]
        if twice:
            tree.report(
                path, "duplicate", f"names what another list has, too: {listed(twice, SHOWN)}; the official lists are used."
            )
            return None
        lists |= dict.fromkeys((name for name in ids if name not in strange), split)
    return lists


def _ids_of(text: str) -> list[str]:
    """
    Read the ids in a list of pairs, in order and without repetition.

    Raises
    ------
    ValueError
        If it is something else.
    """
    pairs = json.loads(text)
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError('wanted [["071", "054"], …]')
    return list(dict.fromkeys(str(name) for pair in pairs for name in pair))


# --- missing parts and notes -----------------------------------------------------------------------------------------


def _missing(parts: Mapping[Place, Mapping[str, Clip]]) -> tuple[str, ...]:
    """List compressions that the copy lacks, and incomplete collections of the others."""
    present = {compression for _, compression in parts}
    lines = []
    for compression in dict.fromkeys(COMPRESSIONS.values()):
        if compression not in present:
            lines.append(compression)
            continue
        for name, collection in COLLECTIONS.items():
            n = len(parts.get((name, compression), ()))
            if n < collection.n_clips:
                lines.append(f"{name}@{compression}: {n} of {collection.n_clips} clips")
    return tuple(lines)


def _notes(
    parts: Mapping[Place, Mapping[str, Clip]],
    domains: Mapping[Place, Sequence[str]],
    doubles: int,
    sources: Sequence[Source],
) -> list[str]:
    notes = []
    for place, clips in parts.items():
        if not domains[place]:
            originals = COLLECTIONS[place[0]].originals
            partner = f"{originals}@{place[1]} is" if originals else "fakes of them are"
            notes.append(f"{_shown(place)}: {len(clips)} clips are not used, because {partner} not there")
    if doubles:
        notes.append(f"{doubles} clips are there as videos and as images; the videos are used")
    unlisted = [source.id for source in sources if source.split == ""]
    if unlisted:
        notes.append(f"{len(unlisted)} clips are in no split list, or between two, and are not used: {listed(unlisted, SHOWN)}")
    return notes


def _shown(place: Place) -> str:
    return "@".join(place)
