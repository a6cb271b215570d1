"""The DeepFake Detection Challenge: parts of clips, each with a file that says which are fake and made from what."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

from ..benchmark.contracts import FAKE, REAL, Split
from ..benchmark.errors import DataError
from ..benchmark.pictures import video
from .copies.clips import is_packed
from .copies.draw import draw_apart, draw_source_splits
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import Tree, child_key, natural_key

METADATA, LABELS, PREVIEW = "metadata.json", "labels.csv", "dataset.json"
LABEL_WORDS = {"fake": FAKE, "1": FAKE, "true": FAKE, "real": REAL, "0": REAL, "false": REAL}
# Words in names of DFDC's folders and in its files of labels.
SPLIT_WORDS: dict[str, Split] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validate": "val",
    "validation": "val",
    "test": "test",
}
TRAIN_PART = re.compile(r"dfdc_train_part_(\d+)")
N_TRAIN_PARTS = 50
RECORDING = re.compile(r"_\d+$")  # number of a piece of a recording


@dataclass(frozen=True)
class Entry:
    """
    The entry of one clip in a file of labels.

    Attributes
    ----------
    label : int
    split : {"train", "val", "test"} or None
        None where the files have no split.
    original : str
        Name of the real that a fake was made from, without its suffix; empty where unknown.
    target, donor : str
        Actor shown, and actor whose face was put in; empty for clips that are not of the preview.
    footage : str
        Recording that a clip of the preview shows, a real or a fake.
    method : str
        Method that made a fake of the preview; empty for others.
    """

    label: int
    split: Split | None = None
    original: str = ""
    target: str = ""
    donor: str = ""
    footage: str = ""
    method: str = ""


@dataclass
class Part:
    """
    A folder with clips and the entries of its files of labels.

    Attributes
    ----------
    place : str
        Id of the folder.
    entries : dict of str to Entry, or None
        By `clip_name` or, of the preview, `path_key`; None where nothing of the kind is there, or nothing that can be read.
    labelled : bool
        True if the folder has a file of labels, readable or not.
    clips : list of str
        Ids.
    """

    place: str
    entries: dict[str, Entry] | None = None
    labelled: bool = False
    clips: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For messages."""
        return self.place or "the root"

    def key(self, clip: str) -> str:
        """Key of the entry of a clip; where there is none, the one that it could have."""
        path = path_key(clip.removeprefix(f"{self.place}/" if self.place else ""))
        return path if path in (self.entries or {}) else clip_name(clip)


class DFDC(SourceDataset):
    """
    Clips of the DeepFake Detection Challenge: any folder with ``metadata.json`` or ``labels.csv`` is a part, the root, too.
    So is the preview with its ``dataset.json``.

    A real and the fakes made from it stay together. Clips that are distributed as training clips are split into training,
    validation and test, but for the splits that the copy has of its own: those keep what their files say, or, where the
    files say nothing, what their folder is called (``validation``, ``test_videos``). The preview says who is shown and whose
    face was put in: its training clips are split by actor, and fakes between two sides are left out.
    """

    name = "dfdc"
    source = "Dolhansky et al., arXiv:2006.07397"
    licence = "DFDC terms of use (Meta AI): research, on registration"
    dates: ClassVar[Mapping[str, str]] = {"": "2019-10"}  # of the preview, which came first
    obtain = "https://ai.meta.com/datasets/dfdc"
    layout = (
        "dfdc_train_part_0/ ... dfdc_train_part_49/ with metadata.json and *.mp4; validation/ and test/ with labels.csv; "
        "dfdc_preview_set/ with dataset.json, original_videos/, method_A/ and method_B/"
    )
    what = "DFDC (folders with metadata.json, labels.csv or dataset.json and clips)"
    clips = True

    def survey(self, tree: Tree) -> Survey:
        parts = list(find_parts(tree))
        if not any(part.labelled for part in parts):
            names = ", ".join(f"{folder}/" for folder in tree.folders()[:8]) or "no folder"
            raise DataError(
                f"{tree.root} does not hold {self.what}; there is no {PREVIEW}, no {METADATA} and no {LABELS}; found: {names}."
            )
        sources = list(list_sources(tree, parts))
        missing = [*gaps(tree, parts), *absent_originals(sources)]
        return Survey(tuple(sources), tuple(missing), notes=tuple(remarks(sources)))

    def drawn(self, sources: Sequence[Source]) -> list[Source]:
        """Split the preview by actor, whatever the rest comes with."""

        def draw(part: Sequence[Source]) -> list[Source]:
            if not names_actors(part[0]):
                return super(DFDC, self).drawn(part)
            return draw_source_splits(part, "identities", self.seed, self.replicate)

        return draw_apart(sources, names_actors, draw)

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        n = sum(source.split == "" for source in self._with_splits())
        if n:
            facts["notes"].append(f"{n} fakes of the preview are left out: their two actors are on different sides")
        return facts


def names_actors(source: Source) -> bool:
    """Return whether a clip is one of the preview, the only part whose labels name the actors."""
    return bool(source.target) and source.target != source.video


# --- parts -----------------------------------------------------------------------------------------------------------


def find_parts(tree: Tree, place: str = "", above: Part | None = None) -> Iterator[Part]:
    """
    Find folders of clips, in the order of their numbers; a folder without labels belongs to the part that it lies in.

    Archives are reported.
    """
    own = open_part(tree, place)
    part = above if above and not own.labelled else own
    part.clips += tree.files(place, video.SUFFIXES)
    below: list[Part] = []
    for folder in sorted(tree.folders(place), key=natural_key):
        if not is_packed(tree, folder):
            below += find_parts(tree, folder, part if part.labelled else None)
    if part is not above:
        yield part
    yield from below


def open_part(tree: Tree, place: str) -> Part:
    """Read the files of labels of a folder; those that cannot be read are reported."""
    part = Part(place)
    for name, read in ((LABELS, read_labels), (METADATA, read_metadata), (PREVIEW, read_preview)):
        path = tree.file(place, name)
        if not path:
            continue
        part.labelled = True
        try:
            part.entries = {**(part.entries or {}), **read(tree.read_text(path))}
        except (ValueError, OSError, DataError, csv.Error) as error:
            tree.report(
                path, "unreadable", f"cannot be used ({error}); get it again. Clips that only it names are passed over."
            )
    return part


def read_metadata(text: str) -> dict[str, Entry]:
    """
    Read ``metadata.json``: by clip either label, split and original, or ``is_fake``.

    Raises
    ------
    ValueError
        If it is no JSON object of objects.
    """
    return {clip_name(clip): entry for clip, facts in _clips_of(text).items() if (entry := as_entry(facts))}


def read_preview(text: str) -> dict[str, Entry]:
    """
    Read ``dataset.json`` of the preview: by path of a clip label, set, target_id, swapped_id and source_video.

    Raises
    ------
    ValueError
        If it is no JSON object of objects.
    """
    return {path_key(clip): entry for clip, facts in _clips_of(text).items() if (entry := as_preview_entry(clip, facts))}


def _clips_of(text: str) -> dict[str, dict[str, Any]]:
    """Return the JSON object of every clip, by its name in the file."""
    document = json.loads(text)
    if not isinstance(document, dict) or not all(isinstance(facts, dict) for facts in document.values()):
        raise ValueError("it is no table of clips")
    return document


def as_preview_entry(clip: str, facts: Mapping[str, Any]) -> Entry | None:
    """Read the preview's entry of one clip; None if it has no class."""
    entry = as_entry({"label": facts.get("label"), "split": facts.get("set")})
    if entry is None:
        return None
    target, donor = (str(facts.get(name) or "").strip() for name in ("target_id", "swapped_id"))
    # original_videos/643049/643049_A_001.mp4; method_B/1260311/1260311_C/1255229_1260311_C_001.mp4
    stem = clip_name(clip).removeprefix(f"{donor.lower()}_" if donor else "")
    footage = RECORDING.sub("", clip_name(facts.get("source_video") or stem))
    method = PurePosixPath(clip).parts[0] if entry.label == FAKE else ""
    return replace(
        entry,
        target=f"actor {target}" if target else "",
        donor=f"actor {donor}" if donor and entry.label == FAKE else "",
        footage=footage,
        method=method,
    )


def read_labels(text: str) -> dict[str, Entry]:
    """
    Read ``labels.csv``: columns filename and label, where 1 is fake.

    Raises
    ------
    ValueError
        If it has other columns.
    """
    table = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    columns = {child_key(column): column for column in table.fieldnames or ()}
    if not {"filename", "label"} <= set(columns):
        raise ValueError(f"it has the columns {', '.join(columns) or 'none'} and not filename, label")
    rows = ((row[columns["filename"]], {"label": row[columns["label"]]}) for row in table)
    return {clip_name(clip): entry for clip, facts in rows if clip and (entry := as_entry(facts))}


def as_entry(facts: Mapping[str, Any]) -> Entry | None:
    """Read the entry of one clip; None if it has no class."""
    label = LABEL_WORDS.get(str(facts.get("label", facts.get("is_fake"))).strip().lower())
    if label is None:
        return None
    split = SPLIT_WORDS.get(str(facts.get("split")).strip().lower())
    return Entry(label, split, clip_name(facts.get("original") or "") if label == FAKE else "")


def clip_name(path: object) -> str:
    """
    Return the key that a clip and its entry share: the name without folder and suffix, in lower case.

    >>> clip_name("videos/Abc.MP4")
    'abc'
    """
    return PurePosixPath(str(path)).stem.lower()


def path_key(path: str) -> str:
    """
    Return the key of a clip whose entry names its path.

    >>> path_key("method_A/643049/643049_A_001.MP4")
    '/method_a/643049/643049_a_001'
    """
    return f"/{PurePosixPath(path).with_suffix('').as_posix().lower()}"


# --- sources ---------------------------------------------------------------------------------------------------------


def list_sources(tree: Tree, parts: Iterable[Part]) -> Iterator[Source]:
    """List the clips that have an entry, the first of each name; report the others, one line per part."""
    seen: dict[str, str] = {}
    for part in parts:
        strange = []
        for path in part.clips:
            key = part.key(path)
            entry = (part.entries or {}).get(key)
            if entry is None:
                strange.append(path)
            elif seen.setdefault(key, path) != path:
                tree.report(path, "duplicate", f"has the name of {seen[key]}, which is used; delete one of them.")
            else:
                yield as_source(path, clip_name(path), entry, folder_split(tree, part.place))
        if strange and (part.entries is not None or not part.labelled):
            expected = "its labels" if part.labelled else f"{METADATA}, {LABELS} or {PREVIEW}"
            detail = f"{len(strange)} clips without an entry in {expected} are passed over, for example {strange[0]}."
            tree.report(part.place or ".", "unknown", detail)


def as_source(path: str, name: str, entry: Entry, folder: Split | None) -> Source:
    """Make a source of a clip; its target is that of its original."""
    split = entry.split or folder
    shown = entry.original or (name if entry.label == REAL else "")
    held_out: Literal["val", "test"] | None = None if split in (None, "train") else split
    if entry.target:
        names = {"target": entry.target, "donor": entry.donor, "video": entry.footage, "generator": entry.method}
        return Source(path, "clip", entry.label, ("",), held_out, **names)
    return Source(path, "clip", entry.label, ("",), held_out, shown, video=shown or name)


def folder_split(tree: Tree, place: str) -> Split | None:
    """Return the split in the name of a folder, or of one above it up to the root; None if there is none."""
    for folder in reversed([tree.root.name, *place.split("/")]):
        for word in child_key(folder).split("_"):
            if word in SPLIT_WORDS:
                return SPLIT_WORDS[word]
    return None


# --- missing parts and notes -----------------------------------------------------------------------------------------


def gaps(tree: Tree, parts: Sequence[Part]) -> Iterator[str]:
    """List the clips and parts of the distribution that the copy lacks, one line per part."""
    names = [child_key(part.place.rpartition("/")[2] or tree.root.name) for part in parts if part.labelled]
    numbers = {int(match[1]) for name in names if (match := TRAIN_PART.fullmatch(name))}
    if numbers and len(numbers) < N_TRAIN_PARTS:
        yield f"dfdc_train_part_*/: only {len(numbers)} of {N_TRAIN_PARTS} parts"
    for part in parts:
        absent = sorted(set(part.entries or {}) - {part.key(path) for path in part.clips})
        if absent:
            first = absent[0].removeprefix("/")
            yield f"{part.name}: {len(absent)} of {len(part.entries or {})} clips that it lists, for example {first}"


def absent_originals(sources: Sequence[Source]) -> Iterator[str]:
    """Count the fakes whose original is not in the copy; yield nothing if there is none."""
    names = {clip_name(source.id) for source in sources}
    fakes = [source for source in sources if source.label == FAKE and source.target and not names_actors(source)]
    n = sum(fake.target not in names for fake in fakes)
    if n:
        yield f"the originals of {n} fakes"


def remarks(sources: Sequence[Source]) -> Iterator[str]:
    """Describe the limits of the splits of this copy."""
    if not all(map(names_actors, sources)):
        yield (
            "DFDC does not say who is shown: a real and its fakes stay on one side of the drawn splits, but an actor who was "
            "filmed more than once may be on two"
        )
    splits = sorted({source.split for source in sources if source.split})
    if splits:
        yield f"{' and '.join(splits)} as distributed; what is distributed with it gets no further one"
