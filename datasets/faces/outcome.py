"""Outcomes of a preparation: of each source, counted per domain and class, and of the whole run, with its report."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...benchmark.contracts import LABEL_NAMES
from ...benchmark.store.cells import as_text
from ...benchmark.store.files import atomic_path
from ..copies.losses import NONE_LOST, SELECTION, Losses, unequal_losses
from ..copies.prepared import ERROR, NO_FACE, PROBLEMS, Preparation, SourceRecord
from ..copies.survey import Source
from ..copies.tree import Trouble

UNREAD = "unread"  # a status that is reported and not recorded, so that the next run tries the source again


@dataclass(frozen=True)
class SourceOutcome:
    """
    Outcome of one source: its record without the crops, small enough to be sent from a worker.

    Attributes
    ----------
    id, status, detail : str
        As in `SourceRecord`, or the status ``unread``.
    n_crops : int
    losses : Losses
        Frames that were looked at, and those that gave no crop.
    """

    id: str
    status: str
    detail: str
    n_crops: int
    losses: Losses = NONE_LOST

    @classmethod
    def of(cls, record: SourceRecord) -> "SourceOutcome":
        """Summarise a record."""
        return cls(record.id, record.status, record.detail, len(record.crops), record.losses)


@dataclass
class ClassCounts:
    """
    Sources, crops and frames of one class in one domain.

    Attributes
    ----------
    domain : str
        Variant of the data set; empty if the data set is one domain.
    label : int
        0 real, 1 fake.
    sources : int
    crops : int
    no_face, errors : int
        Sources without a face, and sources that cannot be decoded.
    left : int
        Sources that are not done, because they could not be read or the run was stopped.
    frames, lost : int
        Frames that were looked at, and those that gave no crop.
    """

    domain: str
    label: int
    sources: int = 0
    crops: int = 0
    no_face: int = 0
    errors: int = 0
    left: int = 0
    frames: int = 0
    lost: int = 0


class OutcomeCounter:
    """
    Counts per domain and class, updated with the outcome of each source.

    Parameters
    ----------
    sources : iterable of Source
        All sources that are asked for; each counts as left until its outcome is added.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.id: source for source in sources}
        self._counts: dict[tuple[str, int], ClassCounts] = {}
        for source in self._sources.values():
            for count in self._counts_of(source):
                count.sources += 1
                count.left += 1

    def _counts_of(self, source: Source) -> list[ClassCounts]:
        """Return the counts of all domains that a source belongs to."""
        keys = [(domain, source.label) for domain in source.domains]
        return [self._counts.setdefault(key, ClassCounts(*key)) for key in keys]

    def add(self, outcome: SourceOutcome) -> None:
        """Count the outcome of one source in each of its domains."""
        for count in self._counts_of(self._sources[outcome.id]):
            count.crops += outcome.n_crops
            count.no_face += outcome.status == NO_FACE
            count.errors += outcome.status == ERROR
            count.left -= outcome.status != UNREAD
            count.frames += outcome.losses.frames
            count.lost += outcome.losses.lost

    @property
    def counts(self) -> list[ClassCounts]:
        """Counts sorted by domain, reals first."""
        return [self._counts[key] for key in sorted(self._counts)]


@dataclass
class PreparationOutcome:
    """
    Outcome of a preparation.

    Attributes
    ----------
    preparation : Preparation
    counts : list of ClassCounts
        Per domain and class, of everything that was asked for, whenever it was done; a source counts in each of its domains.
    done : int
        Sources that were done in this run.
    known : int
        Sources that had been done by an earlier run.
    vanished : tuple of str
        Ids of sources that were done once and are no longer below the root.
    problems : list of Trouble
        Sources without crops, then sources with fewer than asked for (status ``ok``), then what the survey passed over.
    missing, notes : tuple of str
        As in the survey of the copy.
    sheets : tuple of Path
        Contact sheets.
    """

    preparation: Preparation
    counts: list[ClassCounts] = field(default_factory=list)
    done: int = 0
    known: int = 0
    vanished: tuple[str, ...] = ()
    problems: list[Trouble] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sheets: tuple[Path, ...] = ()

    @property
    def complete(self) -> bool:
        """Every source gave crops."""
        return not any(count.no_face or count.errors or count.left for count in self.counts)

    @property
    def warnings(self) -> list[str]:
        """One sentence for each domain in which one class lost many more of its frames than the other."""
        losses: dict[str, dict[int, Losses]] = defaultdict(dict)
        for count in self.counts:
            losses[count.domain][count.label] = Losses(count.frames, count.lost)
        texts = {domain: unequal_losses(by_label) for domain, by_label in losses.items()}
        return [
            f"{domain}: {text}; {SELECTION}" if domain else f"{text}; {SELECTION}" for domain, text in texts.items() if text
        ]

    @property
    def n_crops(self) -> int:
        """Crops in the folder; those of several domains count once in each."""
        return sum(count.crops for count in self.counts)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-like data."""
        manifest = self.preparation.manifest
        return {
            "folder": str(self.preparation.folder),
            **{name: manifest[name] for name in ("dataset", "root", "options", "settings", "command")},
            "digest": self.preparation.settings.digest,
            "complete": self.complete,
            "done": self.done,
            "known": self.known,
            "domains": [asdict(count) | {"label": LABEL_NAMES[count.label]} for count in self.counts],
            "problems": [asdict(problem) for problem in self.problems],
            "missing": list(self.missing),
            "notes": list(self.notes),
            "warnings": self.warnings,
            "vanished": list(self.vanished),
            "contact_sheets": [str(path) for path in self.sheets],
        }


def write_problems(outcome: PreparationOutcome) -> None:
    """
    Write ``problems.csv`` beside the crops: one line for every source and path that has a problem.

    Problems of sources that earlier runs did are read from the index, which has to be written before.
    """
    path = outcome.preparation.folder / PROBLEMS
    indexed = {source_id for source_id, _, _ in outcome.preparation.iter_problems()}
    unindexed = [(p.path, p.status, p.detail) for p in outcome.problems if p.path not in indexed]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "status", "detail"))
        writer.writerows(map(as_text, line) for line in (*outcome.preparation.iter_problems(), *unindexed))
