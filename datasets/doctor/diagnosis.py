"""Records of an examination: options, counts, the diagnosis of one copy, and the report on all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...benchmark.contracts import LABEL_NAMES, REAL
from ...benchmark.pictures.lookalikes import DISTANCE
from .confounds import Answer
from .inventory import Finding, Inventory
from .picture_facts import Facts

EXIT_CODES: Mapping[str, int] = {"complete": 0, "partial": 3, "unusable": 2}


@dataclass(frozen=True)
class Options:
    """
    Options of an examination.

    Attributes
    ----------
    crop : int
        Side of the crops that a run will cut, in pixels.
    sample : int
        Files per domain and class that are opened; 0 opens all.
    distance : int
        Bits in which perceptual hashes of look-alikes may differ.
    seed, replicate : int
        Seeds of the splits that are drawn.
    jobs : int
        Worker processes.
    """

    crop: int = 128
    sample: int = 0
    distance: int = DISTANCE
    seed: int = 0
    replicate: int = 0
    jobs: int = 1


@dataclass(frozen=True)
class CountRow:
    """
    Counts of one class in one split of one domain.

    Attributes
    ----------
    domain : str
    split : str
        Empty for what belongs to none.
    label : int
    n : int
        Pictures, clips or folders of frames.
    opened, bad : int
        Entries that were opened, and those of them that cannot be used.
    videos, identities : int
        Different ones; 0 where nothing is known of them.
    """

    domain: str
    split: str
    label: int
    n: int
    opened: int
    bad: int
    videos: int
    identities: int


@dataclass(frozen=True)
class Diagnosis:
    """
    The diagnosis of one copy of a data set.

    Attributes
    ----------
    inventory : Inventory
    facts : dict of int to Facts
        By position among the entries; only of those that were opened.
    counts : list of CountRow
    findings : list of Finding
        Faults first.
    answers : dict of str to list of Answer
        Performance of the best rule on each fact, by domain.
    """

    inventory: Inventory
    facts: dict[int, Facts]
    counts: list[CountRow]
    findings: list[Finding]
    answers: dict[str, list[Answer]]

    @property
    def has_only_reals(self) -> bool:
        """True if the copy has no fakes, so that it is a domain only together with those of another."""
        return all(row.label == REAL for row in self.counts)

    @property
    def verdict(self) -> str:
        """``complete``, ``partial`` or ``unusable``."""
        levels = {finding.level for finding in self.findings}
        return "unusable" if "fault" in levels else "partial" if "gap" in levels else "complete"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data, complete."""
        inventory = self.inventory
        return {
            "name": inventory.name,
            "folder": inventory.folder,
            "prepared": bool(inventory.place.prepared),
            "verdict": self.verdict,
            "files": len(inventory.entries),
            "opened": len(self.facts),
            "counts": [{**asdict(row), "label": LABEL_NAMES[row.label]} for row in self.counts],
            "findings": [_finding_dict(finding) for finding in self.findings],
            "confounds": [_answer_dict(domain, answer) for domain, answers in self.answers.items() for answer in answers],
        }


@dataclass(frozen=True)
class Report:
    """
    The diagnoses of all copies, and findings between them.

    Attributes
    ----------
    diagnoses : list of Diagnosis
    across : list of Finding
        Findings between data sets.
    opened : int
        Files.
    seconds : float
        That opening them took.
    options : Options
    """

    diagnoses: list[Diagnosis]
    across: list[Finding]
    opened: int
    seconds: float
    options: Options

    @property
    def verdict(self) -> str:
        """The worst verdict of all copies."""
        verdicts = [d.verdict for d in self.diagnoses] + (["partial"] if any(f.level == "gap" for f in self.across) else [])
        return max(verdicts, key=["complete", "partial", "unusable"].index)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data, complete."""
        return {
            "verdict": self.verdict,
            "options": asdict(self.options),
            "opened": self.opened,
            "seconds": self.seconds,
            "datasets": [diagnosis.as_dict() for diagnosis in self.diagnoses],
            "across": [_finding_dict(finding) for finding in self.across],
        }


def _finding_dict(finding: Finding) -> dict[str, Any]:
    files = [{"path": path, "detail": detail} for path, detail in finding.files]
    return {**asdict(finding), "count": finding.n, "files": files}


def _answer_dict(domain: str, answer: Answer) -> dict[str, Any]:
    real, fake = answer.values
    shared = {"domain": domain, "fact": answer.question.name, "real": real, "fake": fake}
    return {**shared, "AUC": answer.score, "standard_error": answer.error, "notable": answer.notable}
