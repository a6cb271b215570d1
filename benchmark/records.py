"""Records of a study, which hold data and do no work: its plan, item sets, fits, cells and their results."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .contracts import LABEL_NAMES, REAL, SPLITS, Framing
from .domains.catalogue import OpenDomain
from .domains.names import training, training_domains
from .domains.reals import RealsSource
from .domains.splits import missing_classes
from .frequency.bands import Band
from .metrics.roc import Interval
from .pictures.lookalikes import Lookalikes
from .pictures.shortcuts import Shortcut
from .registry import DetectorSpec
from .results.evidence import Evidence
from .store.files import digest
from .study.study_file import Study, all_pass_only


@dataclass(frozen=True)
class Provenance:
    """
    Facts on an item set that a row reports besides scores.

    Attributes
    ----------
    split_list, test_list : str
        `splits.split_digest` of all items of its domain in this draw, and of the test items among them.
    pictures : str
        Digest of ids and contents, whether or not they can be decoded, and of which were left out as look-alikes: the same
        for equal pictures only.
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
        Items that could not be used; look-alikes, which are left out on purpose, are not among them.
    seconds_per_item : float
        Reading, decoding and transforming.
    provenance : Provenance
    members : tuple of ItemSet
        Of a pool, the sets that it was put together from; their `domain` is that of the member.
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
    members: tuple["ItemSet", ...] = ()

    @property
    def parts(self) -> tuple["ItemSet", ...]:
        """Item sets of single domains: the members of a pool, or the set itself."""
        return self.members or (self,)


@dataclass(frozen=True)
class PoolPart:
    """
    One domain of a pool in one draw.

    Attributes
    ----------
    domain : OpenDomain
        Without what the guard left out; of a target, with the shots alone among its training items.
    shots : bool
        True for a target, none of whose validation pictures are used.
    """

    domain: OpenDomain
    shots: bool = False


@dataclass(frozen=True)
class Plan:
    """
    A study with every name resolved.

    Attributes
    ----------
    study : Study
        Its ``train`` and ``test`` are domains, the perturbed ones among them.
    detectors : tuple of DetectorSpec
    controls : tuple of DetectorSpec
        Added to every training domain that has both classes.
    domains : dict of (domain, replicate) to OpenDomain
        Without what the guard left out.
    left_out : dict of str to str
        Missing extra by optional detector that cannot be used here.
    dropped : dict of (domain, replicate) to dict of str to int
        Numbers of training and validation items that the guard left out, of the draws in which it left out any.
    facts : dict of str to dict
        `Dataset.facts` by name of the data set, of those that have any.
    unusable : dict of str to str
        Missing classes by domain that a name of a whole data set stands for and that a partial copy lacks.
    sources : dict of str to RealsSource
        Sources of reals that fakes are set against, by name; the same in every draw.
    not_trained : dict of str to str
        Reason by training that the protocol leaves out.
    pools : dict of (training, replicate) to tuple of PoolPart
        Of the trainings that are more than one domain.
    not_counted : dict of str to tuple of str
        By training, the test domains that the protocol of the study leaves out of the headline.
    released : dict of str to str
        Release dates by unperturbed domain, of those that have one.
    """

    study: Study
    detectors: tuple[DetectorSpec, ...]
    domains: dict[tuple[str, int], OpenDomain]
    left_out: dict[str, str] = field(default_factory=dict)
    dropped: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    controls: tuple[DetectorSpec, ...] = ()
    sources: dict[str, RealsSource] = field(default_factory=dict)

    not_trained: dict[str, str] = field(default_factory=dict)
    pools: dict[tuple[str, int], tuple[PoolPart, ...]] = field(default_factory=dict)
    not_counted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    released: dict[str, str] = field(default_factory=dict)

    @property
    def opened(self) -> list[OpenDomain]:
        """All domains of the study, of every draw, and the sources of reals."""
        return [*self.domains.values(), *self.sources.values()]

    def forget_items(self) -> None:
        """Forget the lists of items, 50 MB of 100,000 pictures; a domain lists them again if it is asked."""
        for domain in (*self.opened, *self.read_domains):
            while domain is not None:
                domain.forget()
                domain = domain.plain

    @property
    def read_domains(self) -> list[OpenDomain]:
        """All domains whose pictures are read, those of the sources of reals included."""
        return [*self.domains.values(), *(domain for source in self.sources.values() for domain in source.domains)]

    @property
    def dropped_leaks(self) -> dict[str, dict[str, int]]:
        """Numbers of items that the guard left out, by training domain and split, of the draw that lost most."""
        largest: dict[str, dict[str, int]] = {}
        for (name, _), counts in self.dropped.items():
            largest[name] = max(counts, largest.get(name, counts), key=lambda c: sum(c.values()))
        return largest

    def controls_on(self, train: str) -> tuple[DetectorSpec, ...]:
        """Return the controls of a training domain: none if it lacks a class, which other detectors may do without."""
        if not self.controls:
            return ()
        members = training(train).members
        drawn = (self.domains[member, r].items for member in members for r in range(self.study.seeds))
        complete = all(not missing_classes(items, ("train", "val")) for items in drawn)
        return self.controls if complete else ()

    @property
    def n_cells(self) -> int:
        return len(self.detectors) * len(self.study.train) + self.n_controls

    @property
    def n_controls(self) -> int:
        """Number of cells of controls."""
        return sum(len(self.controls_on(train)) for train in self.study.train)

    @property
    def n_bands(self) -> int:
        """Largest number of bands that one cell tries."""
        sweep = len(self.study.sweep_bands) + (MOST_EVIDENCE_BANDS if self.study.sweep else 0)
        return 1 + sweep + len(self.study.bands) + self.study.search.trials

    @property
    def n_fits_of_cell(self) -> int:
        """Largest number of fits of one cell; without the oracle, chosen bands are fitted once more for the test domains."""
        again = 0 if self.study.oracle else 1
        return self.study.seeds * (self.n_bands + again)

    @property
    def n_fits(self) -> int:
        """Largest number of fits of the study; a control is fitted once for each draw."""
        return len(self.detectors) * len(self.study.train) * self.n_fits_of_cell + self.n_controls * self.study.seeds

    def sizes(self) -> list["DomainSize"]:
        """Return the numbers of pictures of every domain in the first draw, training domains first, sources of reals last."""
        members = {name for train in self.study.train for name in training(train).members}
        targets = {name for train in self.study.train for name in training(train).targets}
        roles = {"train": members, "shots": targets, "test": set(self.study.test), "reals": set(self.sources)}
        sizes = [
            DomainSize(
                name,
                tuple(role for role, names in roles.items() if name in names),
                Counter((item.split, item.label) for item in self.domains[name, 0].items),
            )
            for name in dict.fromkeys((*training_domains(self.study.train), *self.study.test))
        ]
        alone = [source for name, source in self.sources.items() if (name, 0) not in self.domains]
        return sizes + [DomainSize(s.name, ("reals",), {("test", REAL): len(s.items)}) for s in alone]


@dataclass(frozen=True)
class DomainSize:
    """
    Numbers of pictures of one domain in one draw.

    Attributes
    ----------
    domain : str
    roles : tuple of {"train", "shots", "test", "reals"}
    n : mapping of (split, label) to int
    """

    domain: str
    roles: tuple[str, ...]
    n: Mapping[tuple[str, int], int]

    def count(self, split: str, label: int) -> int:
        """Return the number of pictures of one class in one split."""
        return self.n.get((split, label), 0)

    def to_json(self) -> dict[str, Any]:
        """JSON form, as ``bench run --dry-run --json`` prints it."""
        counts = {f"{split}_{name}": self.count(split, label) for split in SPLITS for label, name in enumerate(LABEL_NAMES)}
        return {"domain": self.domain, "roles": list(self.roles), **counts}


@dataclass(frozen=True)
class Shard:
    """
    One of `count` parts of a study, whose cells one process computes while others compute those of the other parts.

    Attributes
    ----------
    index : int
        From 0.
    count : int
        From 1.
    """

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def name(self) -> str:
        """Name that may be part of a file's."""
        return f"shard-{self.index}-of-{self.count}"

    def name_of(self, study: str) -> str:
        """Return the name of its files among the results: of its lock, journal and outbox."""
        return f"{study}.{self.name}"


PROTOCOL_VERSION = 2


@dataclass(frozen=True)
class Job:
    """
    Work for a worker: one fit.

    Attributes
    ----------
    detector : DetectorSpec
    band : Band
    replicate : int
        Also the seed of a stochastic detector.
    train, val : ItemSet
        Of the training domain.
    tests : tuple of ItemSet
        Scored, too; until the band is chosen, nothing looks at these scores (`results.scores.validation_scores`).
    records : str
        Folder for the record and its score file.
    attempt : int
        Raised by ``--fresh``, so that nothing old is taken up.
    sources : tuple of ItemSet
        Reals that fakes are set against, scored as the tests are.
    """

    detector: DetectorSpec
    band: Band
    replicate: int
    train: ItemSet
    val: ItemSet
    tests: tuple[ItemSet, ...]
    records: str
    attempt: int = 0
    sources: tuple[ItemSet, ...] = ()

    @cached_property
    def key(self) -> str:
        """Digest of everything that can change a score, and the name of the record."""
        return digest(
            {
                "protocol": PROTOCOL_VERSION,
                "detector": self.detector.key_parts(self.replicate),
                "band": self.band.as_dict(),
                "train": self.train.digest,
                "scored": [[s.domain, s.split, s.digest] for s in (self.val, *self.tests, *self.sources)],
                "attempt": self.attempt,
            }
        )


@dataclass(frozen=True)
class Record:
    """
    Outcome of one fit.

    Attributes
    ----------
    key : str
    scores : str
        Path of the score file: validation items first, then those of the test domains and sources of reals, if any.
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
        Reason why there is no score file; such a record is never kept.
    empty : bool
        True if the reason is that the band holds too few frequencies, which no repetition would change.
    """

    key: str
    scores: str = ""
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
        Score files, one per replicate, of which validation items count.
    """

    scores: tuple[str, ...]


@dataclass(frozen=True)
class SimultaneousTest:
    """
    Work for a worker: the simultaneous test of several bands.

    Attributes
    ----------
    scores : tuple of tuple of str
        Score files by band, one per replicate, of which validation items count.
    reference : tuple of str
        Those of the band that the others are compared with; empty to compare them with chance.
    sign : {1, -1}
        Better than the reference, or worse.
    """

    scores: tuple[tuple[str, ...], ...]
    reference: tuple[str, ...] = ()
    sign: int = 1


SWEEP_STAGES = {"band": "sweep", "stop": "stop_sweep"}  # of narrow bands, by what is done with them
MOST_EVIDENCE_BANDS = 7  # that are tried after a sweep, because they pass what it found
RULE = (
    "of the bands within one standard error of the best validation AUC whose own AUC is clearly above 0.5, the one that agrees "
    "best with the evidence of the sweep, or the narrowest where there is no such evidence; all-pass where there is none"
)


@dataclass(frozen=True)
class Replicate:
    """Prepared item sets of one draw; `sources` are the reals that the fakes of all tests are set against, too."""

    number: int
    train: ItemSet
    val: ItemSet
    tests: tuple[ItemSet, ...]
    sources: tuple[ItemSet, ...] = ()


@dataclass(frozen=True)
class Cell:
    """
    A detector and a training, over all replicates, with the settings of its study.

    `train` is the name of the training (`domains.names.Training`); `not_counted` and `released` as in `Plan`.
    """

    study: Study
    detector: DetectorSpec
    train: str
    replicates: tuple[Replicate, ...]
    records: str
    attempt: int = 0
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)  # audits of its domains
    not_counted: tuple[str, ...] = ()
    # Audits of its test domains against each source of reals, by domain and source.
    reals_shortcuts: Mapping[str, Mapping[str, Shortcut]] = field(default_factory=dict)
    released: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name in progress and logs."""
        return f"{self.detector.label} on {self.train}"

    @property
    def train_label(self) -> str:
        """Short name of the training for people, see `Row.train_label`."""
        return training(self.train).label(items.domain for items in self.replicates[0].tests)

    @property
    def title(self) -> str:
        """Name for people; `label` tells every two cells of a study apart."""
        return f"{self.detector.label} on {self.train_label}"

    @property
    def is_control(self) -> bool:
        """True if its detector is a control."""
        return self.detector.plugin.control

    @property
    def course(self) -> Study:
        """Study with the bands that the cell tries: a control has all frequencies only, and no oracle."""
        return all_pass_only(self.study) if self.is_control else self.study


@dataclass(frozen=True)
class Trial:
    """
    A band that was tried, with its AUC on validation pictures.

    Attributes
    ----------
    band : Band
    stage : {"allpass", "sweep", "stop_sweep", "evidence", "search", "fixed"}
    auc : Interval
        Of the validation items of the training domain, mean over replicates.
    records : tuple of Record
        One per replicate.
    error : str
        Reason why there is no AUC; empty if there is one.
    """

    band: Band
    stage: str
    auc: Interval
    records: tuple[Record, ...]
    error: str = ""

    @property
    def empty(self) -> bool:
        """True if the band holds too few frequencies to be tried at all."""
        return any(record.empty for record in self.records)


@dataclass(frozen=True)
class Tested:
    """A band scored on the test domains; `domain` is set where it is the oracle of that domain only."""

    role: str
    band: Band
    records: tuple[Record, ...]
    domain: str = ""


@dataclass(frozen=True)
class Task:
    """A call of a function of a module, as work for a worker; its answer is the function's value."""

    function: Callable[..., Any]
    args: tuple[Any, ...]


@dataclass(frozen=True)
class CellResult:
    """Result of one cell; with an `error` there is no chosen band. See `Row` for evidence and plateau."""

    cell: Cell
    trials: tuple[Trial, ...] = ()
    evidence: Evidence = None
    chosen: Trial | None = None
    tested: tuple[Tested, ...] = ()
    gaps: tuple[str, ...] = field(default=())
    error: str = ""
    plateau: tuple[float, float] | None = None
