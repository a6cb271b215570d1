"""The inventory of a data set: every picture, clip and crop, and the findings that need no file to be opened."""

import hashlib
import os
import shlex
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ...benchmark.contracts import LABEL_NAMES, SPLITS, Dataset, Item
from ...benchmark.domains.catalogue import DatasetSpec
from ...benchmark.errors import BenchError, DataError
from ...benchmark.invocation import bench
from ...benchmark.pictures import crops as images
from ...benchmark.pictures import video
from ...benchmark.registry import datasets
from ...benchmark.store.files import on_disk, open_file
from ..copies.draw import two_sides_text
from ..copies.listing import own_tree, passed_over, shown_suffix
from ..copies.losses import SELECTION, Losses, total_losses, unequal_losses
from ..copies.own_folders import CLIPS
from ..copies.prepared import ERROR, NO_FACE, SOURCE, Crop, Preparation, SourceRecord, find_preparations
from ..copies.sources import SourceDataset
from ..copies.survey import Kind, Source, Survey, source_stamp
from ..copies.tree import LOST, Tree, Trouble, natural_key, split_archive, suffix_of
from .picture_facts import Facts, clip_facts, frames_facts, picture_facts

Level = Literal["fault", "gap", "note"]
SKEWED = 0.1  # difference of the shares of sources without a face; SIGNIFICANT standard errors besides
SIGNIFICANT = 3.0
BOTH = "both classes"
REMEDIES = {
    "outside": "copy what the links point to into the folder",
    "bad_entry": "unpack the archives by hand and look at these entries",
    "packed": "unpack them",
    "unreadable": "mend permissions, or get them again",
    "duplicate": "delete one of each",
    "other_class": "nothing if that is right; else give the folder that is meant alone",
    "unknown": "rename them if they belong to the data set, else leave or delete them",
}


@dataclass(frozen=True)
class Finding:
    """
    A fact about a data set, with its consequence.

    Attributes
    ----------
    kind : str
        One word: ``missing``, ``extra``, ``undecodable``, ``size``, ``duplicate``, ``lookalike``, ``leak``, ``confound``, ...
    level : {"fault", "gap", "note"}
        ``fault``: the copy cannot be used. ``gap``: it can be used in part, or with care. ``note``: it can be used.
    text : str
        The fact.
    remedy : str
        The step that removes it; empty if there is none.
    where : str
        Class, split or domain; empty for all of it.
    files : tuple of (path, detail)
    count : int
        Number of the files or parts that it concerns; 0 counts `files`.
    """

    kind: str
    level: Level
    text: str
    remedy: str = ""
    where: str = ""
    files: tuple[tuple[str, str], ...] = ()
    count: int = 0

    @property
    def n(self) -> int:
        """Number of the files or parts that it concerns."""
        return self.count or len(self.files)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One picture, clip or folder of frames.

    Attributes
    ----------
    item : Item
        Its split counts only if `used`.
    kind : {"clip", "frames", "still"}
    domains : tuple of str
        Variants that it belongs to.
    used : bool
        True if it belongs to a split.
    sha256 : str
        SHA-256 of the file when it was prepared; empty if unknown.
    """

    item: Item
    kind: Kind
    domains: tuple[str, ...]
    used: bool = True
    sha256: str = ""

    @property
    def split(self) -> str:
        return self.item.split if self.used else ""


@dataclass(frozen=True)
class Place:
    """Address of a copy, for workers: `prepared` is the folder of its crops, empty for the distribution itself."""

    spec: DatasetSpec
    seed: int = 0
    replicate: int = 0
    prepared: str = ""

    def open(self) -> Dataset:
        """Open the distribution, as a run does."""
        return self.spec.open(self.seed, self.replicate)


@dataclass(frozen=True)
class Inventory:
    """
    One copy of a data set, as it was distributed or as it was prepared.

    Attributes
    ----------
    name : str
        As the user calls it.
    place : Place
    classes : tuple of str
        That a domain should have.
    entries : list of Entry
    findings : list of Finding
        Findings that need no picture to be opened.
    """

    name: str
    place: Place
    classes: tuple[str, ...]
    entries: list[Entry]
    findings: list[Finding] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Folder of the copy; empty for a computed data set."""
        return self.place.prepared or self.place.spec.root or ""

    @property
    def title(self) -> str:
        """``celeba in /data/celeba``."""
        where = f" in {self.folder}" if self.folder else ""
        return f"{self.name}, prepared{where}" if self.place.prepared else f"{self.name}{where}"


def take_inventories(name: str, spec: DatasetSpec, seed: int = 0, replicate: int = 0) -> list[Inventory]:
    """
    List a data set as it was distributed, and whatever was prepared from it.

    Parameters
    ----------
    name : str
        As the user calls it.
    spec : DatasetSpec
    seed, replicate : int
        Seeds of the splits that are drawn. The data set draws them itself, so that they are those of a run.

    Returns
    -------
    list of Inventory
        At least one; nothing usable is a finding of level ``fault``.

    Raises
    ------
    BenchError
        If the data set is unknown or its folder is not there.
    """
    place = Place(spec, seed, replicate)
    dataset = place.open()
    if missing := dataset.missing():
        return [_nothing(name, place, dataset, f"{dataset.name} {missing}")]
    dataset.alias = name
    try:
        if not isinstance(dataset, SourceDataset):
            return [_of_items(name, place, dataset)]
        own = Preparation.at(dataset.folder)
        if own:
            alone = _of_preparation(name, place, dataset, own)
            alone.findings.extend(_survey_findings(Survey.from_dict(own.survey), []))
            return [alone]
        inventories = [_of_survey(name, place, dataset)]
        if dataset.name == CLIPS and (hint := _other_data_sets(dataset)):
            inventories[0].findings.append(Finding("about", "note", hint))
        return inventories + _of_preparations(name, place, dataset, inventories[0])
    except BenchError as error:
        return [_nothing(name, place, dataset, str(error), "" if _lists_pictures(dataset) else _other_data_sets(dataset))]
    except OSError as error:
        text = f"{error.filename or dataset.root} cannot be read ({error.strerror or error})"
        return [_nothing(name, place, dataset, text, "mend its permissions, or give another folder")]


def _nothing(name: str, place: Place, dataset: Dataset, text: str, remedy: str = "") -> Inventory:
    remedy = remedy or (f"what a folder has to hold: {dataset.layout}" if dataset.layout else "")
    return Inventory(name, place, dataset.classes, [], [Finding("layout", "fault", text, remedy)])


def _lists_pictures(dataset: Dataset) -> bool:
    """Return True if a folder of pictures is what it was given as, although it has no splits: too few, or groups in doubt."""
    if isinstance(dataset, SourceDataset):
        return False
    try:
        return any(dataset.all_items(variant) for variant in dataset.variants())
    except BenchError:
        return False


def _other_data_sets(dataset: Dataset) -> str:
    """Name the data sets that a folder is a copy of; empty if none is known."""
    if dataset.root is None or not dataset.root.is_dir():
        return ""
    root = dataset.root
    prepared = Preparation.at(root)
    if prepared:
        return f"this was prepared from {prepared.dataset}: {_doctor(prepared.dataset, root)}"
    fits = []
    for name, plugin in datasets.found.classes.items():
        if plugin is type(dataset) or plugin.missing() or not plugin.needs_root or name == CLIPS:
            continue
        n = _count(plugin, root)
        if n:
            # Data sets of reals accept any folder of pictures, so that a match with them is weak evidence.
            fits.append((len(plugin.classes) < len(LABEL_NAMES), -n, name))
    if not fits:
        return ""
    first, *rest = [name for _, _, name in sorted(fits)]
    more = f" (or {', '.join(rest)})" if rest else ""
    return f"this looks like {first}{more}: {_doctor(first, root)}"


def _doctor(name: str, root: Path) -> str:
    return bench(f"data doctor {name} --root {shlex.quote(str(root))}")


def _count(plugin: type[Dataset], root: Path) -> int:
    """Count the sources that a data set finds in a folder that need not be a copy of it."""
    try:
        dataset = plugin(root=root)
        if isinstance(dataset, SourceDataset):
            return len(dataset.survey(Tree(dataset.folder)).sources)
        return sum(len(dataset.items(variant)) for variant in dataset.variants())
    except Exception:  # it was never meant for this folder, and may fail in any way
        return 0


# --- any data set ----------------------------------------------------------------------------------------------------


def _of_items(name: str, place: Place, dataset: Dataset) -> Inventory:
    merged: dict[tuple[str, int, str], tuple[Item, list[str]]] = {}
    findings = []
    used: set[str] = set()  # also what the drawn splits leave out
    variants = dataset.variants()
    for variant in variants:
        try:
            listed = dataset.items(variant)
            everything = dataset.all_items(variant)
            used |= {item.id for item in everything}
        except DataError as error:
            if len(variants) == 1:
                raise
            findings.append(Finding("layout", "gap", str(error), "mend it, or leave this domain out", variant))
            continue
        twice = [item_id for item_id, n in Counter(item.id for item in listed).items() if n > 1]
        if twice:
            findings.append(Finding("duplicate", "gap", "listed twice", "mend the lists", variant, _paths(twice)))
        if left_out := {item.id for item in everything if not item.split} - {item.id for item in listed}:
            findings.append(Finding("split", "note", two_sides_text(len(left_out)), files=_paths(left_out)))
        for item in listed:
            listing = merged.setdefault((item.id, item.label, item.split), (item, []))
            listing[1].append(variant)
    entries = [Entry(item, "still", tuple(dict.fromkeys(domains))) for item, domains in merged.values()]
    findings += _extra_files(dataset, entries, used)
    return Inventory(name, place, dataset.classes, sorted(entries, key=lambda entry: entry.item.id), findings)


def _paths(paths: Iterable[str], detail: str = "") -> tuple[tuple[str, str], ...]:
    return tuple((path, detail) for path in sorted(paths))


def _extra_files(dataset: Dataset, entries: Sequence[Entry], used: Collection[str]) -> list[Finding]:
    """Find files below a root that are not used, for data sets whose ids are paths."""
    if dataset.root is None or not entries:
        return []
    tree = own_tree(dataset.root)
    if not tree.path(entries[0].item.id).is_file():
        return []
    rest = [path for path in tree.files(deep=True) if path not in used]
    findings = troubles_of(tree.troubles) + _escaped_names(used)
    for what, suffixes, remedy in (
        (
            "clips, which this data set does not read",
            video.SUFFIXES,
            "take pictures from them, or give them as a data set of clips",
        ),
        ("pictures, which are not used", images.SUFFIXES, "put them where they belong, or take them out"),
    ):
        some = [path for path in rest if suffix_of(path) in suffixes]
        if some:
            findings.append(Finding("extra", "gap", what, remedy, files=_paths(some)))
    other_files = [path for path in rest if suffix_of(path) not in (*video.SUFFIXES, *images.SUFFIXES)]
    if other_files:
        text = f"files of another kind, which are not used: {passed_over(Counter(map(shown_suffix, other_files)))}"
        findings.append(Finding("extra", "note", text, files=_paths(other_files)))
    return findings


def _escaped_names(paths: Iterable[str]) -> list[Finding]:
    """Find the files whose ids are not their names."""
    escaped = [path for path in paths if on_disk(path) != path]
    if not escaped:
        return []
    text = "names that are not UTF-8, or hold control characters; they are used, and written with \\xNN"
    return [Finding("name", "note", text, "rename them if other programs stumble over them", files=_paths(escaped))]


def troubles_of(troubles: Iterable[Trouble]) -> list[Finding]:
    """Turn troubles into findings, one per status."""
    by_status: dict[str, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        by_status[trouble.status].append(trouble)
    return [
        Finding(
            "extra",
            "gap" if status in LOST else "note",
            f"{status.replace('_', ' ')}: passed over",
            REMEDIES.get(status, ""),
            files=tuple((trouble.path, trouble.detail) for trouble in members),
        )
        for status, members in sorted(by_status.items())
    ]


# --- a distribution --------------------------------------------------------------------------------------------------


def _of_survey(name: str, place: Place, dataset: SourceDataset) -> Inventory:
    survey = dataset.interpreted(dataset.survey_now())
    entries = [_entry(source) for source in dataset.drawn(survey.sources)]
    return Inventory(name, place, dataset.classes, entries, _survey_findings(survey, entries))


def _entry(source: Source) -> Entry:
    return Entry(source.item(source.id), source.kind, source.domains, source.split in SPLITS)


def _in_no_split(ids: Iterable[str]) -> list[Finding]:
    files = _paths(ids)
    text = "in no split, because it would link two sides, or because the lists name it in none; not used"
    return [Finding("split", "note", text, files=files)] if files else []


def _survey_findings(survey: Survey, entries: Sequence[Entry]) -> list[Finding]:
    findings = []
    if survey.missing:
        remedy = "get what is missing, or go on without it: rows say so"
        parts = tuple((part, "") for part in survey.missing)
        findings.append(Finding("missing", "gap", "parts of the distribution", remedy, files=parts))
    findings += troubles_of(survey.troubles)
    findings += _in_no_split(entry.item.id for entry in entries if not entry.used)
    return findings + [Finding("about", "note", note) for note in survey.notes]


# --- a preparation ---------------------------------------------------------------------------------------------------


def _of_preparations(name: str, place: Place, dataset: SourceDataset, distributed: Inventory) -> list[Inventory]:
    preparations = find_preparations(dataset.origin)
    if not preparations and any(entry.kind != "still" for entry in distributed.entries):
        text = "clips: before a run, faces have to be cut out of them"
        distributed.findings.append(Finding("prepare", "note", text, dataset.prepare_command()))
    if len(preparations) > 1:
        choices = "; ".join(f"--data {dataset.name}={p.folder} ({p.settings_text})" for p in preparations)
        text = f"prepared in {len(preparations)} ways, so a run has to be told which"
        distributed.findings.append(Finding("prepare", "gap", text, choices))
    return [_of_preparation(name, place, dataset, preparation) for preparation in preparations]


def _of_preparation(name: str, place: Place, dataset: SourceDataset, preparation: Preparation) -> Inventory:
    if preparation.dataset != dataset.name:
        raise DataError(f"{preparation.folder} was prepared from {preparation.dataset}, not {dataset.name}.")
    place = replace(place, prepared=str(preparation.folder))
    try:
        survey = dataset.interpreted(Survey.from_dict(preparation.survey))
        sources = dataset.drawn(survey.sources)
        entries, findings = _crops(preparation, sources, dataset.version)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"{preparation.folder} has a manifest that cannot be read ({type(error).__name__}: {error}); prepare it again into "
            f"a new folder with --out."
        ) from error
    findings += _in_no_split(source.id for source in sources if source.split not in SPLITS)
    findings += _since(preparation, dataset, survey)
    return Inventory(name, place, dataset.classes, entries, findings)


def _crops(preparation: Preparation, sources: Sequence[Source], version: int) -> tuple[list[Entry], list[Finding]]:
    """List the crops in the records, and the findings on records, index and folders."""
    go_on = f"go on with: {_command(preparation)}"
    findings = [Finding("about", "note", f"prepared with {preparation.settings_text}")]
    if preparation.manifest["version"] != version:
        text = f"prepared by version {preparation.manifest['version']} of {preparation.dataset}, which is now {version}"
        findings.append(Finding("manifest", "gap", text, "prepare it again into a new folder with --out"))
    entries: list[Entry] = []
    records: dict[str, SourceRecord] = {}
    unprepared, extra, stale = [], [], []
    losses: list[tuple[int, Losses]] = []
    for source in sources:
        record = preparation.record(source.id)
        if record is None:
            unprepared.append(source.id)
            continue
        entries += [_crop_entry(source, crop) for crop in record.crops]
        records[source.id] = SourceRecord(record.id, record.status, record.detail)
        losses.append((source.label, record.losses))
        extra += [(f"{source.id}/{name}", "") for name in _unrecorded(preparation, record)]
        if not _is_indexed(preparation, record):
            stale.append(source.id)
    if unprepared:
        findings.append(
            Finding(
                "unfinished",
                "gap",
                f"{len(unprepared)} of {len(sources)} sources not prepared yet",
                go_on,
                files=_paths(unprepared),
            )
        )
    if stale:
        text = "the index and the records beside the crops disagree; a run reads the index"
        findings.append(Finding("manifest", "gap", text, go_on, files=_paths(stale)))
    if extra:
        findings.append(Finding("extra", "note", "files beside the crops that no record names; not used", files=tuple(extra)))
    findings += _outcomes(sources, records)
    text = unequal_losses(total_losses(losses))
    if text and not any(finding.where == BOTH for finding in findings):  # of sources that lost all frames it is said already
        findings.append(Finding("no_face", "gap", text, SELECTION, BOTH))
    return entries, findings


def _command(preparation: Preparation) -> str:
    """Return the command that continues a preparation."""
    manifest = preparation.manifest
    usual = ["bench", "data", "prepare", manifest["dataset"], "--root", manifest["root"], "--out", str(preparation.folder)]
    return manifest.get("command") or shlex.join(usual)


def _crop_entry(source: Source, crop: Crop) -> Entry:
    item = source.item(f"{source.id}/{crop.file}")
    return Entry(item, "still", source.domains, source.split in SPLITS, crop.sha256)


def _unrecorded(preparation: Preparation, record: SourceRecord) -> list[str]:
    named = {crop.file for crop in record.crops} | {SOURCE}
    with os.scandir(preparation.source_folder(record.id)) as entries:
        return sorted(entry.name for entry in entries if entry.is_file() and entry.name not in named)


def _is_indexed(preparation: Preparation, record: SourceRecord) -> bool:
    try:
        indexed = preparation.index.get(record.id)
    except DataError:  # there is no index yet, which has its own finding
        return True
    return indexed is not None and [crop.sha256 for crop in indexed.crops] == [crop.sha256 for crop in record.crops]


def _outcomes(sources: Sequence[Source], records: dict[str, SourceRecord]) -> list[Finding]:
    """Find sources without a crop, per class; a large difference between the classes is a bias."""
    findings = []
    shares: dict[int, tuple[int, int]] = {}
    for label, class_name in enumerate(LABEL_NAMES):
        class_records = [records[source.id] for source in sources if source.label == label and source.id in records]
        for status, text, remedy in (
            (NO_FACE, "no face was found", "look at some; another finder (--faces) or a smaller --min-size may find it"),
            (ERROR, "could not be decoded when it was prepared", "get it again, then run the same bench data prepare"),
        ):
            files = tuple((record.id, record.detail) for record in class_records if record.status == status)
            if files:
                kind = "no_face" if status == NO_FACE else "undecodable"
                findings.append(
                    Finding(kind, "gap", f"{text}: {len(files)} of {len(class_records)} sources", remedy, class_name, files)
                )
        shares[label] = sum(record.status == NO_FACE for record in class_records), len(class_records)
    if all(n for _, n in shares.values()):
        (a, n), (b, m) = shares.values()
        pooled = (a + b) / (n + m)
        error = (pooled * (1 - pooled) * (1 / n + 1 / m)) ** 0.5
        if abs(a / n - b / m) > max(SKEWED, SIGNIFICANT * error):
            text = f"no face in {a / n:.0%} of the real and {b / m:.0%} of the fake sources".replace("%", " %")
            findings.append(Finding("no_face", "gap", text, SELECTION, BOTH))
    return findings


def _since(preparation: Preparation, dataset: SourceDataset, survey: Survey) -> list[Finding]:
    """Find changes of the distribution since it was prepared."""
    root = Path(preparation.manifest["root"])
    if not root.is_dir():
        return [Finding("manifest", "note", f"the folder that it was prepared from is gone ({root}); the crops do not need it")]
    origin = type(dataset)(root, **preparation.manifest["options"])
    findings = []
    try:
        now = {source.id for source in origin.survey_now().sources}
    except BenchError as error:
        return [Finding("manifest", "note", f"the folder that it was prepared from is no longer whole: {error}")]
    before = {source.id for source in survey.sources}
    if now - before:
        text, remedy = "sources that were not there when it was prepared", f"go on with: {_command(preparation)}"
        findings.append(Finding("manifest", "gap", text, remedy, files=_paths(now - before)))
    if before - now:
        text = "sources that it was prepared from and that are gone; the crops do not need them"
        findings.append(Finding("manifest", "note", text, files=_paths(before - now)))
    changed = list(_changed(preparation, origin.tree, survey.sources, now))
    if changed:
        text, remedy = "sources that have changed since they were prepared", f"go on with: {_command(preparation)}"
        findings.append(Finding("manifest", "gap", text, remedy, files=_paths(changed)))
    return findings


def _changed(preparation: Preparation, tree: Tree, sources: Iterable[Source], now: set[str]) -> Iterator[str]:
    for source in sources:
        record = preparation.record(source.id) if source.id in now else None
        try:
            if record and record.bytes and source_stamp(tree, source) != (record.bytes, record.modified):
                yield source.id
        except OSError:
            continue


# --- files, opened by workers ----------------------------------------------------------------------------------------

_opened: list[tuple[Place, Dataset | Preparation]] = []  # the one that this process looks at


def look_at(place: Place, entries: Sequence[Entry], to_hash: frozenset[str] = frozenset()) -> list[Facts]:
    """
    Open pictures and clips, in a worker.

    Parameters
    ----------
    place : Place
    entries : sequence of Entry (n,)
    to_hash : set of str
        Clips whose bytes are to be hashed; stills always are.

    Returns
    -------
    list of Facts (n,)
    """
    if not _opened or _opened[0][0] != place:
        opened = Preparation(Path(place.prepared), {}) if place.prepared else place.open()
        _opened[:] = [(place, opened)]
    return [_facts(_opened[0][1], entry, entry.item.id in to_hash) for entry in entries]


def _facts(opened: "Dataset | Preparation", entry: Entry, hashed: bool) -> Facts:
    try:
        if isinstance(opened, Preparation):
            return picture_facts(opened.read(entry.item.id))
        if entry.kind == "still":
            return _still_facts(opened, entry.item)
        assert isinstance(opened, SourceDataset)  # others have stills only
        if entry.kind == "frames":
            return _frames(opened.tree, entry.item.id)
        return _clip(opened.tree, entry.item.id, hashed)
    except FileNotFoundError:
        return Facts(error="the file is gone.")
    except (OSError, BenchError) as error:
        return Facts(error=f"cannot be read ({getattr(error, 'strerror', None) or str(error).rstrip('.')}).")


def _still_facts(dataset: Dataset, item: Item) -> Facts:
    if not isinstance(dataset, SourceDataset):
        return picture_facts(dataset.read(item))
    data = dataset.read_still(item.id)
    if type(dataset).read_still is SourceDataset.read_still:
        return picture_facts(data)
    try:
        return picture_facts(data, dataset.tree.read(item.id))  # what it cuts out is packed anew
    except (OSError, DataError):  # it does not come from a file of its own
        return picture_facts(data)


def _frames(tree: Tree, place: str) -> Facts:
    names = [name for name in tree.files(place) if suffix_of(name) in (*images.SUFFIXES, "")]
    return frames_facts(sorted(names, key=natural_key), tree.read)


def _clip(tree: Tree, place: str, hashed: bool) -> Facts:
    if split_archive(place)[0] and not tree.path(place).is_file():
        return Facts(error="lies in an archive, from which clips are not read; unpack it.")
    path = tree.path(place)
    facts = clip_facts(path)
    if hashed:
        with open_file(path, sys.maxsize) as file:
            facts.sha256 = hashlib.file_digest(file, "sha256").digest()
    return facts


def same_sized_clips(inventory: Inventory) -> frozenset[str]:
    """Find clips of equal size, which may be copies of each other: only these are hashed, because clips are large."""
    sizes: dict[int, list[str]] = defaultdict(list)
    for entry in inventory.entries:
        if entry.kind == "clip":
            try:
                sizes[Path(inventory.folder, on_disk(entry.item.id)).stat().st_size].append(entry.item.id)
            except OSError:
                continue
    return frozenset(path for size, paths in sizes.items() if size and len(paths) > 1 for path in paths)
