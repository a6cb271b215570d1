"""
Rows of a leaderboard and the test results that they are made of, as frozen records with their JSON form.

The JSON form is flat and undefined numbers are NaN in it (null in a file, see `store.files.dump_json`). The meaning of a
column, and the places that show it, are in `columns`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from ..domains.names import chain_of, training, training_of_json, unperturbed
from ..errors import BenchError
from ..frequency.bands import Band
from ..pictures.shortcuts import Shortcut
from ..store.files import digest, read_json, write_json
from .carriers import CarrierResult
from .evidence import Evidence, evidence_from_json, evidence_to_json
from .reported import ReportedResult
from .selection import Selection

NAN = math.nan
ROWS_FILE = "rows.json"  # of a cell, or of a study
ID_LENGTH, LEAST_ID_DIGITS = 10, 4  # hex digits of the id of a row, and of the beginning that may stand for it
LATER = ("later_auc", "later_auc_lo", "later_auc_hi", "later_reason")  # of a row, where a board asked for release dates
ID_LENGTH = 10  # hex digits


@dataclass(frozen=True)
class Plateau:
    """
    Stretch of the frequency axis on which bands no wider than the chosen one tie with it, so that it could as well lie there.

    Attributes
    ----------
    low, high : float
        In cycles/pixel.
    """

    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """JSON form."""
        return {"low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Mapping[str, float] | None) -> Self | None:
        """Read the JSON form; None for all-pass, a ``stop``, and results of an earlier version."""
        return None if data is None else cls(data["low"], data["high"])


@dataclass(frozen=True)
class RealsResult:
    """
    The fakes of one test domain against one source of reals; means over the draws.

    Attributes
    ----------
    source : str
        Domain that the reals are from.
    auc, lo, hi : float
        With the 95 % interval.
    n_real : int
    false_alarms : float
        Share of these reals that are not below the threshold that was chosen in-domain; NaN without one.
    lookalikes : int
        Reals that look like training or validation pictures; left out of the JSON form where there are none.
    shortcut : Shortcut or None
        Audit of the files of these fakes and these reals; None where none was made.
    """

    source: str
    auc: float
    lo: float
    hi: float
    n_real: int
    false_alarms: float = NAN
    lookalikes: int = 0
    shortcut: Shortcut | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        data = {part.name: getattr(self, part.name) for part in fields(self)}
        data["shortcut"] = self.shortcut.to_json() if self.shortcut else None
        if not self.lookalikes:
            del data["lookalikes"]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        numbers = {name: _nan(value) for name, value in data.items() if name != "shortcut"}
        return cls(**numbers, shortcut=Shortcut.from_json(data.get("shortcut")))


@dataclass(frozen=True)
class TestResult:
    """
    One row on one test domain; means over the draws.

    Attributes
    ----------
    domain : str
    auc, auc_lo, auc_hi : float
        With the 95 % interval over groups of test pictures and, with five draws or more, over draws of the training pictures.
    n : int
        Test pictures.
    coverage : float
        Share of them that have a score.
    allpass_auc, oracle_auc : float
        With all frequencies, and with the best tried band of this domain.
    oracle_band : Band or None
    draw_sd : float
        Standard deviation of the AUC between the training draws; NaN for one draw.
    split_list, pictures : str
        Digests of the test items and of their contents; empty if they were not recorded.
    lookalikes : int
        Test pictures that look like training or validation pictures.
    clips : str
        Rule that pools the scores of a clip's frames (`ClipRule`); empty where the test pictures are no frames of clips.
    clip_problem : str
        Reason why there are clips but no numbers per clip; empty if there are numbers.
    shortcut : Shortcut or None
        Audit of its files; None where none was made.
    by_reals : tuple of RealsResult
        Its fakes against each source of reals: its own first, then those that the study names.
    metrics : mapping of str to float
        Every other number, by its name in `columns.METRICS` or `columns.CLIP_COLUMNS`.
    """

    __test__ = False  # for pytest, which collects classes of such names

    domain: str
    auc: float
    auc_lo: float
    auc_hi: float
    n: int
    coverage: float
    allpass_auc: float = NAN
    oracle_auc: float = NAN
    oracle_band: Band | None = None
    draw_sd: float = NAN
    split_list: str = ""
    pictures: str = ""
    lookalikes: int = 0
    clips: str = ""
    clip_problem: str = ""
    shortcut: Shortcut | None = None
    by_reals: tuple[RealsResult, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_perturbed(self) -> bool:
        """True where the test pictures are perturbed ones of another domain."""
        return bool(chain_of(self.domain))

    def value(self, name: str) -> Any:
        """Value of a column; NaN for a metric that was not computed."""
        return getattr(self, name) if name in _TEST_FIELDS else self.metrics.get(name, NAN)

    def to_json(self) -> dict[str, Any]:
        """JSON form: metrics stand beside the other numbers, after the coverage."""
        data = {name: getattr(self, name) for name in _TEST_FIELDS}
        data["oracle_band"] = self.oracle_band.as_dict() if self.oracle_band else None
        data["shortcut"] = self.shortcut.to_json() if self.shortcut else None
        data["by_reals"] = [result.to_json() for result in self.by_reals]
        for name in ("clips", "clip_problem"):  # results without clips keep the form of before there were numbers per clip
            if not data[name]:
                del data[name]
        return _after(data, "coverage", self.metrics)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; raise KeyError if a part that every version has is missing."""
        band = data.get("oracle_band")
        required = {name: _nan(data[name]) for name in ("domain", "auc", "auc_lo", "auc_hi", "n", "coverage")}
        optional = {name: _nan(data[name]) for name in ("allpass_auc", "oracle_auc", "draw_sd") if name in data}
        as_written = ("split_list", "pictures", "lookalikes", "clips", "clip_problem")
        optional |= {name: data[name] for name in as_written if name in data}
        return cls(
            **required,
            **optional,
            oracle_band=Band(**band) if band else None,
            shortcut=Shortcut.from_json(data.get("shortcut")),
            by_reals=tuple(map(RealsResult.from_json, data.get("by_reals", ()))),
            metrics=_others(data, _TEST_FIELDS),
        )


@dataclass(frozen=True)
class PerturbationResult:
    """
    One row under one perturbation of the test pictures.

    Attributes
    ----------
    perturbation : str
    scope : {"in-domain", "cross-domain"}
    domains : tuple of str
        Test domains of that scope that were scored with and without the perturbation.
    clean_auc : float
        Mean over them without it.
    auc, auc_lo, auc_hi : float
        Mean over them with it.
    drop, drop_lo, drop_hi : float
        Clean less perturbed; NaN for domains that were scored perturbed only.
    """

    perturbation: str
    scope: str
    domains: tuple[str, ...]
    clean_auc: float
    auc: float
    auc_lo: float
    auc_hi: float
    drop: float
    drop_lo: float
    drop_hi: float

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {**{part.name: getattr(self, part.name) for part in fields(self)}, "domains": list(self.domains)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(**{**{name: _nan(value) for name, value in data.items()}, "domains": tuple(data["domains"])})


@dataclass(frozen=True)
class Standing:
    """
    Rank of a row within its comparable set.

    Attributes
    ----------
    rank_low, rank_high, tie_group : int or None
        See `ranking.Placement`; None without a rank.
    rank_reason : str
        Reason why there is no rank; empty if there is one.
    """

    rank_low: int | None = None
    rank_high: int | None = None
    tie_group: int | None = None
    rank_reason: str = ""


@dataclass(frozen=True)
class SubmissionFacts:
    """
    Statements of a contributor on submitted scores, and the outcome of checking them.

    Attributes
    ----------
    name, authors, contact, url, description, licence : str
    notes : tuple of str
        Findings and remarks.
    summary : tuple of str
        The same in short: what is true of many domains is one line.
    verification : mapping
        `verification.Verification` by field.
    """

    name: str
    authors: str = ""
    contact: str = ""
    url: str = ""
    description: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    verification: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        texts = {"notes": list(self.notes), "summary": list(self.summary)}
        return {part.name: getattr(self, part.name) for part in fields(self)} | texts

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        notes = tuple(data.get("notes", ()))
        return cls(**{**data, "notes": notes, "summary": tuple(data.get("summary", notes))})


@dataclass(frozen=True)
class Row:
    """
    One detector with one band, trained on one domain: a line of the leaderboard.

    Attributes
    ----------
    detector, train : str
        Label and name of the training (`domains.names.Training`): a domain, a pool, or a pool with shots of a target. In JSON
        a list of the parts where there are several.
    role : {"chosen", "allpass", "fixed"}
        The band that the search chose on validation pictures, all frequencies, or a band that the study names.
    band : Band
    evidence : tuple of EvidenceStretch or None
        Stretches of the axis that carry evidence, ascending; empty where a sweep found none, None where no sweep asked.
    plateau : Plateau or None
        Stretch on which bands tie with the chosen one; None for all-pass, for a ``stop`` and for bands that were not chosen.
    swept : bool
        True if narrow bands were swept, so that evidence was looked for.
    in_domain_auc, cross_domain_auc, worst_auc : float
        With bounds of 95 % over groups and training draws, ``_lo`` and ``_hi``; NaN where no such domain was tested.
    worst_domain : str
    shortcut : Shortcut or None
        Audit of the training domain's files; None where none was made.
    reals_spread : float
        Difference between the largest and the smallest headline AUC over the choice of one source of reals for all test
        domains; NaN with one source.
    worst_reals : str
        Source of the smallest; empty with one source.
    oracle_auc, allpass_auc : float
        Means over the test domains of the headline.
    gain, gap : float
        Headline less all-pass AUC, and oracle less headline AUC, with bounds of 95 %, ``_lo`` and ``_hi``.
    draw_sd : float
        Standard deviation of the headline AUC between the training draws; NaN for one draw.
    coverage : float
    fit_seconds, ms_per_picture, score_ms : float
    model_bytes : float
    seeds : int
        Draws of training and validation pictures.
    control : bool
        True if its detector says that it is a control and no contestant; see `marks.is_control` for ours.
    random_encoder : bool
        True if its detector rests on a frozen encoder whose weights were drawn at random.
    train_overlap : float
        Share of training pictures that two draws have in common, see `metrics.replicates`.
    rule : str
        By which the band was chosen.
    selection : Selection or None
        Validation pictures on which it was chosen; None for rows of an earlier version.
    shots : int
        Pictures per class of the target that are among the training pictures.
    not_counted : tuple of str
        Test domains that are no part of the headline, as the protocol of the study leaves them out.
    gaps : tuple of str
        Bands that could not be scored.
    study, settings, variant, cell : str
        Name of the study; short digests of its settings and of all that moves the row; key of the cell.
    finished : float
        Seconds since the epoch.
    splits : mapping of str to str
        Digest of the split list by domain.
    split_id : str
        Short digest, equal for rows whose training domain and test pictures are split alike.
    dropped_leaks : mapping of str to int
        By split: pictures that the leak guard left out.
    data : mapping of str to mapping
        `Dataset.facts` by data set.
    tests : tuple of TestResult
    robustness : tuple of PerturbationResult
    carriers : tuple of CarrierResult
        Of the first row of a cell: what the detector lives on, by test domain; empty where no combs were tested, and left out
        of the JSON form then.
    metrics : mapping of str to float
        Means of those `columns.METRICS` that a board shows, and those of `columns.CLIP_ROW_COLUMNS` that were measured.
    run_id : str
        Of its run in MLflow; empty before a board was built.
    current : bool or None
        On a board of all variants: True for the variant that was run last.
    source : {"recorded", "submitted"}
    verified : bool or None
        Of submitted scores: True if a recorded run gives the same.
    submission : SubmissionFacts or None
    standing : Standing or None
        Its rank, where one is known; no part of the JSON form.
    reals_rank_low, reals_rank_high : int or None
        On a board: its rank interval over the choice of reals, from the best to the worst rank with any source.
    released : mapping of str to str
        Release dates by training or unperturbed test domain, of those that have one; left out of the JSON form without any.
    reported : tuple of ReportedResult
        Published numbers of its detector beside the measured ones; left out of the JSON form without any.
    later_auc : float
        On a board: mean AUC over the other test domains that came out after all training domains, with bounds of 95 %,
        ``_lo`` and ``_hi``; NaN where it is undefined.
    later_reason : str
        Code of the reason why it is undefined (`leaderboard.release_dates.NoLater`); empty where it is defined.
    """

    detector: str
    train: str
    role: str
    band: Band
    evidence: Evidence = None
    plateau: Plateau | None = None
    swept: bool = False
    in_domain_auc: float = NAN
    in_domain_auc_lo: float = NAN
    in_domain_auc_hi: float = NAN
    cross_domain_auc: float = NAN
    cross_domain_auc_lo: float = NAN
    cross_domain_auc_hi: float = NAN
    worst_auc: float = NAN
    worst_auc_lo: float = NAN
    worst_auc_hi: float = NAN
    worst_domain: str = ""
    shortcut: Shortcut | None = None
    reals_spread: float = NAN
    worst_reals: str = ""
    oracle_auc: float = NAN
    allpass_auc: float = NAN
    gain: float = NAN
    gain_lo: float = NAN
    gain_hi: float = NAN
    gap: float = NAN
    gap_lo: float = NAN
    gap_hi: float = NAN
    draw_sd: float = NAN
    coverage: float = NAN
    fit_seconds: float = NAN
    ms_per_picture: float = NAN
    score_ms: float = NAN
    model_bytes: float = NAN
    seeds: int = 1
    control: bool = False
    random_encoder: bool = False
    train_overlap: float = 0.0
    rule: str = ""
    selection: Selection | None = None
    shots: int = 0
    not_counted: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    study: str = ""
    settings: str = ""
    variant: str = ""
    cell: str = ""
    finished: float = 0.0
    splits: Mapping[str, str] = field(default_factory=dict)
    split_id: str = ""
    dropped_leaks: Mapping[str, int] = field(default_factory=lambda: {"train": 0, "val": 0})
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tests: tuple[TestResult, ...] = ()
    robustness: tuple[PerturbationResult, ...] = ()
    carriers: tuple[CarrierResult, ...] = ()
    run_id: str = ""
    current: bool | None = None
    source: str = "recorded"
    verified: bool | None = None
    submission: SubmissionFacts | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    standing: Standing | None = None
    reals_rank_low: int | None = None
    reals_rank_high: int | None = None
    released: Mapping[str, str] = field(default_factory=dict)
    reported: tuple[ReportedResult, ...] = ()
    later_auc: float = NAN
    later_auc_lo: float = NAN
    later_auc_hi: float = NAN
    later_reason: str = ""

    @property
    def id(self) -> str:
        """Short name of the row, the same on every board as long as nothing that the row depends on changes."""
        return digest([self.cell, self.role, self.band.as_dict()])[:ID_LENGTH]

    @property
    def is_submitted(self) -> bool:
        """True if the scores were submitted."""
        return self.source == "submitted"

    @property
    def is_current(self) -> bool:
        """False for a variant that was not run last."""
        return self.current is not False

    @property
    def train_label(self) -> str:
        """Short name of the training for people: a pool of nearly all test domains is named by those that it leaves out."""
        return training(self.train).label(test.domain for test in self.tests)

    @property
    def main_tests(self) -> list[TestResult]:
        """Test results on unperturbed domains, and on perturbed ones that are training domains."""
        members = training(self.train).members
        return [test for test in self.tests if not test.is_perturbed or test.domain in members]

    def home_and_abroad(self) -> tuple[list[TestResult], list[TestResult]]:
        """Split the test results into the training domains and the other domains of the headline, see the function."""
        return home_and_abroad(self.tests, self.train, self.not_counted)

    @property
    def headline(self) -> float:
        """
        Number that rows are ordered by: mean cross-domain AUC, in-domain where no other domain was tested.

        Perturbed domains have no part in it: perturbed copies of the same pictures are no further domain.
        """
        return getattr(self, self.headline_column)

    @property
    def headline_column(self) -> str:
        """Name of the column that the headline is from."""
        return "in_domain_auc" if math.isnan(self.cross_domain_auc) else "cross_domain_auc"

    def value(self, name: str) -> Any:
        """Value of a column; NaN for a metric that was not computed."""
        return getattr(self, name) if name in _ROW_NAMES else self.metrics.get(name, NAN)

    def to_json(self) -> dict[str, Any]:
        """JSON form; keys that only a board sets are left out if they are not set."""
        data = {name: getattr(self, name) for name in _ROW_FIELDS}
        data |= {
            "band": self.band.as_dict(),
            "evidence": evidence_to_json(self.evidence),
            "plateau": self.plateau.to_json() if self.plateau else None,
            "shortcut": self.shortcut.to_json() if self.shortcut else None,
            "train": training(self.train).to_json(),
            "not_counted": list(self.not_counted),
            "gaps": list(self.gaps),
            "splits": dict(self.splits),
            "dropped_leaks": dict(self.dropped_leaks),
            "data": {name: dict(facts) for name, facts in self.data.items()},
            "tests": [test.to_json() for test in self.tests],
            "robustness": [result.to_json() for result in self.robustness],
            "carriers": [result.to_json() for result in self.carriers],
        }
        if not self.carriers:  # rows of studies without combs keep their form
            del data["carriers"]
        data = _after(data, "coverage", self.metrics)
        if self.run_id:
            data["run_id"] = self.run_id
        if self.current is not None:
            data["current"] = self.current
        if self.reals_rank_low is not None:
            data |= {"reals_rank_low": self.reals_rank_low, "reals_rank_high": self.reals_rank_high}
        if self.released:
            data["released"] = dict(self.released)
        if self.reported:
            data["reported"] = [result.to_json() for result in self.reported]
        if self.later_reason or not math.isnan(self.later_auc):
            data |= {name: getattr(self, name) for name in LATER}
        if self.is_submitted:
            data |= {"source": self.source, "verified": self.verified}
        if self.submission is not None:
            data["submission"] = self.submission.to_json()
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form, also that of rows which an earlier version wrote; null numbers become NaN."""
        values = {name: _nan(data[name]) for name in (*_ROW_FIELDS, *LATER, "run_id", "source") if name in data}
        values |= {name: data[name] for name in ("current", "verified", "reals_rank_low", "reals_rank_high") if name in data}
        values |= {
            "band": Band(**data["band"]),
            "evidence": evidence_from_json(data.get("evidence"), bool(data.get("swept", False))),
            "plateau": Plateau.from_json(data.get("plateau")),
            "shortcut": Shortcut.from_json(data.get("shortcut")),
            "train": training_of_json(data["train"]),
            "selection": Selection(data["selection"]) if data.get("selection") else None,
            "not_counted": tuple(data.get("not_counted", ())),
            "gaps": tuple(data.get("gaps", ())),
            "tests": tuple(map(TestResult.from_json, data["tests"])),
            # Rows of runs before there were perturbations lack the key.
            "robustness": tuple(map(PerturbationResult.from_json, data.get("robustness", ()))),
            "carriers": tuple(map(CarrierResult.from_json, data.get("carriers", ()))),
            "released": dict(data.get("released", {})),
            "reported": tuple(map(ReportedResult.from_json, data.get("reported", ()))),
            "metrics": _others(data, _ROW_NAMES),
        }
        if data.get("submission") is not None:
            values["submission"] = SubmissionFacts.from_json(data["submission"])
        return cls(**values)


_TEST_FIELDS = tuple(part.name for part in fields(TestResult) if part.name != "metrics")
_BOARD_FIELDS = (
    *("run_id", "current", "source", "verified", "submission", "metrics", "standing"),
    *("reals_rank_low", "reals_rank_high", "released", "reported", *LATER),
)
_ROW_NAMES = tuple(part.name for part in fields(Row))
_ROW_FIELDS = tuple(name for name in _ROW_NAMES if name not in _BOARD_FIELDS)


def id_digits(rows: Sequence[Row]) -> int:
    """Return the number of digits, at least `LEAST_ID_DIGITS`, by which the ids of some rows are told apart."""
    ids = {row.id for row in rows}
    enough = (n for n in range(LEAST_ID_DIGITS, ID_LENGTH) if len({name[:n] for name in ids}) == len(ids))
    return next(enough, ID_LENGTH)


def read_rows(folder: Path) -> list[Row]:
    """Return the rows in the folder of a cell or of a study; none where it has no `ROWS_FILE`, or a damaged one."""
    try:
        return rows_from_json(read_json(folder / ROWS_FILE))
    except (BenchError, KeyError, TypeError, ValueError, AttributeError):
        return []


def keep_rows(rows: Sequence[Row], folder: Path) -> None:
    """Write rows into the folder of a cell or of a study."""
    write_json(folder / ROWS_FILE, rows_to_json(rows))


def rows_from_json(rows: Sequence[Mapping[str, Any]] | None) -> list[Row]:
    """Read the rows of a ``rows.json``; none where there is no file."""
    return [Row.from_json(row) for row in rows or ()]


def rows_to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """JSON form of rows, as a ``rows.json`` holds it."""
    return [row.to_json() for row in rows]


def home_and_abroad(
    tests: Sequence[TestResult], train: str, not_counted: Sequence[str]
) -> tuple[list[TestResult], list[TestResult]]:
    """
    Split test results into the training domains and the other domains of the headline, perturbed ones left out.

    A detector that was trained on a perturbed domain is at home there, if it was tested there, and else on the same
    pictures as they are: neither is another domain. Where it was trained on shots of a target, the target alone is the other
    domain; `not_counted` are those that the protocol of the study leaves out.
    """
    parts = training(train)
    plain = {test.domain: test for test in tests if not test.is_perturbed}
    as_trained = {test.domain: test for test in tests}
    home = [as_trained.get(member) or plain.get(unperturbed(member)) for member in parts.members]
    abroad = [test for test in plain.values() if not parts.is_home(test.domain) and test.domain not in not_counted]
    if parts.shots:
        abroad = [test for test in abroad if test.domain in map(unperturbed, parts.targets)]
    return list({test.domain: test for test in home if test}.values()), abroad


def _nan(value: Any) -> Any:
    """Undefined numbers are null in a file; no field but a number may be null here."""
    return NAN if value is None else value


def _others(data: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
    """Numbers that are none of the fields: metrics."""
    rest = {name: _nan(value) for name, value in data.items() if name not in names}
    return {name: value for name, value in rest.items() if isinstance(value, int | float) and not isinstance(value, bool)}


def _after(data: dict[str, Any], place: str, more: Mapping[str, float]) -> dict[str, Any]:
    """Insert entries after one of the names."""
    names = list(data)
    cut = names.index(place) + 1
    return {name: data[name] for name in names[:cut]} | dict(more) | {name: data[name] for name in names[cut:]}
