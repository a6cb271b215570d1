"""Records of a study without work of their own: its plan, item sets, fits, cells and what came of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .contracts import Framing
from .domains.catalogue import OpenDomain
from .frequency.bands import Band
from .metrics.detection import Interval
from .pictures.lookalikes import Lookalikes
from .registry import DetectorSpec
from .store import digest
from .study.study_file import Study


@dataclass(frozen=True)
class Provenance:
    """
    What a row has to say of an item set besides its scores.

    Attributes
    ----------
    split_list, test_list : str
        `protocol.split_digest` of all items of its domain in this draw, and of the test items among them.
    pictures : str
        Digest of ids and contents, whatever could be decoded: the same for equal pictures only.
    n_dropped : int
        Items of its split that the guard left out.
    facts : mapping of str
        `Dataset.facts` of its data set.
    lookalikes : Lookalikes
        Items that look like one that the detector was fitted or validated on.
    may_be_shown : bool
        `Dataset.may_be_shown` of its data set.
    framing : Framing
        `Dataset.framing` of its data set.
    """

    split_list: str = ""
    test_list: str = ""
    pictures: str = ""
    n_dropped: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    lookalikes: Lookalikes = field(default_factory=Lookalikes)
    may_be_shown: bool = False
    framing: Framing = field(default_factory=Framing)


@dataclass(frozen=True)
class ItemSet:
    """
    One split of one domain in one replicate, prepared.

    Attributes
    ----------
    domain, split : str
    digest : str
        Of ids, contents, labels, groups and statuses, and of what was done to the pictures: what a record's key needs.
    table : str
        Path of its item table (Parquet).
    grey, colour : tuple of str
        Chunk folders that hold its crops; empty if no view needed them.
    index : str
        Path of a NumPy archive with ``grey`` and ``colour``, arrays of int32 (n_crops, 3): chunk, row within the
        chunk, and position among the items with status ``ok``.
    n_items, n_ok : int
    problems : tuple of (item id, status, detail)
    seconds_per_item : float
        Reading, decoding and transforming.
    provenance : Provenance
    """

    domain: str
    split: str
    digest: str
    table: str
    grey: tuple[str, ...]
    colour: tuple[str, ...]
    index: str
    n_items: int
    n_ok: int
    problems: tuple[tuple[str, str, str], ...]
    seconds_per_item: float
    provenance: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True)
class Plan:
    """
    A study with every name resolved.

    Attributes
    ----------
    study : Study
        Its ``train`` and ``test`` are domains, the perturbed ones among them.
    detectors : tuple of DetectorSpec
    domains : dict of (domain, replicate) to OpenDomain
        Without what the guard left out.
    left_out : dict of str to str
        Optional detectors that cannot be used here, and what they need.
    dropped : dict of (domain, replicate) to dict of str to int
        How many training and validation items the guard left out, where it left out any.
    facts : dict of str to dict
        `Dataset.facts` by name of the data set, of those that have any.
    unusable : dict of str to str
        Domains of whole data sets that a partial copy has not got, or not all of, and what they lack.
    """

    study: Study
    detectors: tuple[DetectorSpec, ...]
    domains: dict[tuple[str, int], OpenDomain]
    left_out: dict[str, str] = field(default_factory=dict)
    dropped: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)

    @property
    def dropped_leaks(self) -> dict[str, dict[str, int]]:
        """How many items the guard left out, by training domain and split, in the draw that lost most."""
        found: dict[str, dict[str, int]] = {}
        for (name, _), counts in self.dropped.items():
            found[name] = max(counts, found.get(name, counts), key=lambda c: sum(c.values()))
        return found

    @property
    def n_cells(self) -> int:
        return len(self.detectors) * len(self.study.train)

    @property
    def n_bands(self) -> int:
        """Bands that one cell tries at most."""
        sweep = len(self.study.sweep_bands)
        return 1 + sweep + len(self.study.bands) + self.study.search.trials

    @property
    def n_fits(self) -> int:
        """Fits of the whole study at most; without the oracle, chosen bands are fitted once more for the test domains."""
        again = 0 if self.study.oracle else 1
        return self.n_cells * self.study.seeds * (self.n_bands + again)

    def sizes(self) -> list[dict[str, Any]]:
        """Pictures per domain, split and class, of the first replicate."""
        found = []
        for name in dict.fromkeys((*self.study.train, *self.study.test)):
            items = self.domains[name, 0].items
            counts = {
                f"{split}_{label_name}": sum(i.split == split and i.label == label for i in items)
                for split in ("train", "val", "test")
                for label, label_name in enumerate(("real", "fake"))
            }
            roles = [role for role in ("train", "test") if name in getattr(self.study, role)]
            found.append({"domain": name, "roles": roles, **counts})
        return found


PROTOCOL_VERSION = 2


@dataclass(frozen=True)
class Job:
    """
    What a worker needs for one fit.

    Attributes
    ----------
    detector : DetectorSpec
    band : Band
    replicate : int
        Also the seed of a stochastic detector.
    train, val : ItemSet
        Of the training domain.
    tests : tuple of ItemSet
        Scored into a file of their own, which nothing opens until the band is chosen.
    records : str
        Folder for the record and its score files.
    attempt : int
        Raised by ``--fresh``, so that nothing old is taken up.
    """

    detector: DetectorSpec
    band: Band
    replicate: int
    train: ItemSet
    val: ItemSet
    tests: tuple[ItemSet, ...]
    records: str
    attempt: int = 0

    @cached_property
    def key(self) -> str:
        """Name of the record: everything that can change a score."""
        return digest(
            {
                "protocol": PROTOCOL_VERSION,
                "detector": self.detector.identity(self.replicate),
                "band": self.band.as_dict(),
                "train": self.train.digest,
                "scored": [[s.domain, s.split, s.digest] for s in (self.val, *self.tests)],
                "attempt": self.attempt,
            }
        )


@dataclass(frozen=True)
class Record:
    """
    What is known of one finished fit.

    Attributes
    ----------
    key : str
    val_scores, test_scores : str
        Paths of the score files; the second is empty if no test set was scored.
    fit_seconds, score_ms : float
        Fitting; scoring one picture from its view (milliseconds).
    n_train : int
        Crops.
    n_features : int
    sealed : dict of str to float
        AUC of every test domain, for the oracle alone: no choice may look at it.
    finished : float
        Seconds since the epoch.
    epochs : list of dict
        `epochs_of` the fitted detector.
    error : str
        Why there is no score file; such a record is never kept.
    empty : bool
        Whether the reason is that the band holds too few frequencies, which no repetition would change.
    """

    key: str
    val_scores: str = ""
    test_scores: str = ""
    fit_seconds: float = 0.0
    score_ms: float = 0.0
    n_train: int = 0
    n_features: int = 0
    sealed: dict[str, float] = field(default_factory=dict)
    finished: float = 0.0
    epochs: list[dict[str, float]] = field(default_factory=list)
    error: str = ""
    empty: bool = False


@dataclass(frozen=True)
class Assessment:
    """
    Work for a worker: the interval of a trial's AUC.

    Attributes
    ----------
    scores : tuple of str
        Validation score files, one per replicate.
    n_draws : int
    """

    scores: tuple[str, ...]
    n_draws: int


SWEEP_STAGES = {"band": "sweep", "stop": "stop_sweep"}  # of narrow bands, by what is done with them
RULE = (
    "narrowest band within one standard error of the best validation AUC, of those whose own AUC is clearly above 0.5; "
    "all-pass where there is none"
)


@dataclass(frozen=True)
class Replicate:
    """Prepared item sets of one draw."""

    number: int
    train: ItemSet
    val: ItemSet
    tests: tuple[ItemSet, ...]


@dataclass(frozen=True)
class Cell:
    """A detector and a training domain, over all replicates, with the settings of its study."""

    study: Study
    detector: DetectorSpec
    train: str
    replicates: tuple[Replicate, ...]
    records: str
    attempt: int = 0

    @property
    def label(self) -> str:
        """How progress and logs call it."""
        return f"{self.detector.label} on {self.train}"


@dataclass(frozen=True)
class Trial:
    """
    A band that was tried: what validation says of it.

    Attributes
    ----------
    band : Band
    stage : {"allpass", "sweep", "stop_sweep", "search", "fixed"}
    auc : Interval
        Of the validation items of the training domain, mean over replicates.
    records : tuple of Record
        One per replicate.
    error : str
        Why there is no AUC.
    """

    band: Band
    stage: str
    auc: Interval
    records: tuple[Record, ...]
    error: str = ""

    @property
    def empty(self) -> bool:
        """Whether the band holds too few frequencies to be tried at all."""
        return any(record.empty for record in self.records)


@dataclass(frozen=True)
class Tested:
    """A band scored on the test domains; `domain` is set where it is the oracle of that domain only."""

    role: str
    band: Band
    records: tuple[Record, ...]
    domain: str = ""


@dataclass(frozen=True)
class CellResult:
    """Everything that one cell found out; an `error` means that there is no chosen band."""

    cell: Cell
    trials: tuple[Trial, ...] = ()
    evidence: tuple[float, float] | None = None
    chosen: Trial | None = None
    tested: tuple[Tested, ...] = ()
    gaps: tuple[str, ...] = field(default=())
    error: str = ""
