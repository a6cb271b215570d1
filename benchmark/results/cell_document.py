"""
The document of a cell, ``cell.json``: the bands that were tried, chosen and tested, with a schema number.

Documents of earlier schemas are upgraded while they are read, so that no other module has to know them.
"""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from ..contracts import Reported
from ..domains.names import training, training_of_json
from ..errors import BenchError, DataError
from ..frequency.bands import Band
from ..pictures.lookalikes import Lookalikes
from ..pictures.shortcuts import Shortcut
from ..store.files import write_json
from .cell_form import check_form
from .evidence import Evidence, evidence_from_json, evidence_to_json
from .refusals import RefusedBecause, RefusedError, refuse
from .rows import Plateau, Row
from .run_files import read_run_json

FILE = "cell.json"
SCHEMA = 5  # raised when what a cell chooses, or what its folder holds, changes
# 2: splits and data do not say where they come from; 3: other intervals of few pictures, and nothing says which settings;
# 4: one stretch of evidence, no audit of the files, and no sources of reals.
READABLE = (2, 3, 4, SCHEMA)
SHORT = 8  # hex digits of a digest that people compare by eye
NO_VALUES = (math.nan, math.nan)
LIBRARIES = ("bandbench", "numpy", "scipy", "scikit-learn", "optuna", "pillow", "opencv-python-headless")


@dataclass(frozen=True)
class TriedBand:
    """
    A band that was tried on validation pictures of the training domain.

    Attributes
    ----------
    band : Band
    stage : {"allpass", "sweep", "stop_sweep", "evidence", "search", "fixed"}
    auc, auc_lo, auc_hi, auc_se : float
        Mean over the draws, its 95 % interval and its standard error; NaN where there is none.
    error : str
        Reason why there is no AUC; empty if there is one.
    """

    band: Band
    stage: str
    auc: float
    auc_lo: float
    auc_hi: float
    auc_se: float
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return _plain(self) | {"band": self.band.as_dict()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        numbers = {name: _number(data[name]) for name in ("auc", "auc_lo", "auc_hi", "auc_se")}
        return cls(Band(**data["band"]), data["stage"], **numbers, error=data["error"])


@dataclass(frozen=True)
class NarrowBand:
    """
    A narrow band of a sweep, kept alone or taken out: its AUC at home and on every test domain.

    Attributes
    ----------
    kind : {"band", "stop"}
        Nothing but the band is kept; nothing but the band is removed.
    low, high : float
        In cycles/pixel.
    validation : (float, float)
        Mean AUC over the draws on validation pictures of the training domain, and its standard error; NaN where undefined.
    tests : mapping of str to (float, float)
        The same by test domain.
    """

    kind: str
    low: float
    high: float
    validation: tuple[float, float] = NO_VALUES
    tests: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def auc_on(self, domain: str) -> float:
        """AUC on a test domain; NaN where it was not scored."""
        return self.tests.get(domain, NO_VALUES)[0]

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        tests = {domain: list(values) for domain, values in self.tests.items()}
        return {"kind": self.kind, "low": self.low, "high": self.high, "val": list(self.validation), "tests": tests}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        tests = {domain: _pair(values) for domain, values in data["tests"].items()}
        return cls(data["kind"], data["low"], data["high"], _pair(data["val"]), tests)


@dataclass(frozen=True)
class TestedBand:
    """
    A band that was scored on the test domains.

    Attributes
    ----------
    role : {"chosen", "allpass", "fixed", "oracle"}
    band : Band
    domain : str
        Set where it is the oracle of that domain only.
    files : tuple of str
        Score files, one per draw, below the folder of the cell.
    fit_seconds, score_ms : float
        Means over the draws: seconds to fit, milliseconds to score a picture.
    epochs : tuple of tuple of mapping, or None
        By draw, the numbers that a detector reports of each epoch; None for one that is not trained in epochs.
    """

    __test__ = False

    role: str
    band: Band
    domain: str
    files: tuple[str, ...]
    fit_seconds: float
    score_ms: float
    epochs: tuple[tuple[Mapping[str, float], ...], ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        data = _plain(self) | {"band": self.band.as_dict(), "files": list(self.files)}
        epochs = data.pop("epochs")
        return data if epochs is None else data | {"epochs": [[dict(epoch) for epoch in draw] for draw in epochs]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        epochs = data.get("epochs")
        return cls(
            data["role"],
            Band(**data["band"]),
            data["domain"],
            tuple(data["files"]),
            data["fit_seconds"],
            data["score_ms"],
            None if epochs is None else tuple(map(tuple, epochs)),
        )


@dataclass(frozen=True)
class CellProvenance:
    """
    Data of a cell, besides the pictures themselves.

    Attributes
    ----------
    splits : mapping of str to str
        Digest of the split list of every domain.
    split_id : str
        Short; equal for cells whose training domain and test pictures are split alike.
    test_splits, pictures : mapping of str to str
        By test domain: digests of its test items and of their contents.
    dropped_leaks : mapping of str to int
        Training and validation items that the guard left out, in the draw that lost most.
    data : mapping of str to mapping
        `Dataset.facts` by data set.
    lookalikes : mapping of str to Lookalikes
        By test domain: pictures that look like training or validation pictures.
    reals : mapping of str to Lookalikes
        The same by source of reals, of every source that the study names.
    """

    splits: Mapping[str, str]
    split_id: str
    test_splits: Mapping[str, str]
    pictures: Mapping[str, str]
    dropped_leaks: Mapping[str, int]
    data: Mapping[str, Mapping[str, Any]]
    lookalikes: Mapping[str, Lookalikes]
    reals: Mapping[str, Lookalikes] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON form, a part of that of the document and of the key of the cell."""
        data = {name: dict(facts) for name, facts in self.data.items()}
        alike = {"lookalikes": _lookalikes_to_json(self.lookalikes), "reals": _lookalikes_to_json(self.reals)}
        return _plain(self) | {"data": data, **alike}


def _lookalikes_to_json(lookalikes: Mapping[str, Lookalikes]) -> dict[str, dict[str, Any]]:
    return {name: {"n": alike.n, "pairs": [list(pair) for pair in alike.pairs]} for name, alike in lookalikes.items()}


def _shortcuts_to_json(shortcuts: Mapping[str, Shortcut]) -> dict[str, dict[str, Any]]:
    return {name: shortcut.to_json() for name, shortcut in shortcuts.items()}


def _shortcuts_from_json(data: Mapping[str, Any]) -> dict[str, Shortcut]:
    audits = {name: Shortcut.from_json(audit) for name, audit in data.items()}
    return {name: audit for name, audit in audits.items() if audit is not None}


def _lookalikes_from_json(data: Mapping[str, Any]) -> dict[str, Lookalikes]:
    return {name: Lookalikes(alike["n"], tuple((a, b) for a, b in alike["pairs"])) for name, alike in data.items()}


@dataclass(frozen=True)
class CellDocument:
    """
    Contents of a ``cell.json``.

    Attributes
    ----------
    key, study, study_key, settings, variant : str
        See `recording.keys`: `cell_key`, `study_key`, `settings_digest` and `variant_digest`.
    detector : str
    detector_identity : mapping
        Name, version, digest of the source, parameters and view.
    train : str
    tests : tuple of str
        Test domains.
    seed : int or None
        None for submitted scores.
    seeds, attempt, bootstrap : int
        Draws; repetitions of the study; draws of groups for an interval.
    crop : mapping or None
        `CropSpec` by field.
    band : Band
        The chosen one.
    rule : str
        By which it was chosen.
    evidence : tuple of EvidenceStretch or None
    plateau : Plateau or None
        See `Row`.
    trials : tuple of TriedBand
    narrow : tuple of NarrowBand
    tested : tuple of TestedBand
    decode_ms : float
        Milliseconds to read and decode a picture.
    gaps : tuple of str
        Bands that could not be scored.
    problems : tuple of (str, str, str)
        Items that could not be decoded: id, status, detail.
    digests : mapping of str to str
        Of item sets, by ``DRAW/DOMAIN/SPLIT``.
    splits, split_id, test_splits, pictures, dropped_leaks, data, lookalikes, reals
        See `CellProvenance`.
    versions : mapping of str to str
        Of Python and libraries.
    finished : float
        Seconds since the epoch.
    model_bytes : int or None
        Size of the kept model.
    submission : str
        Name of the submission that the scores came with; empty for recorded ones.
    clips : str
        Rule that pools the scores of a clip's frames, see `ClipRule`; left out of the JSON form where it is ``mean``.
    train_overlap : float
        Share of training pictures that two draws have in common, the mean over all pairs of draws; 0 for one draw.
    shortcuts : mapping of str to Shortcut
        Audits of the files of the training and test domains.
    reals_shortcuts : mapping of str to mapping of str to Shortcut
        By test domain and source of reals, audits of the files of the fakes of one and the reals of the other; left out of the
        JSON form where it is empty.
    not_counted : tuple of str
        Test domains that the protocol of the study leaves out of the headline; left out of the JSON form where it is empty.
    released : mapping of str to str
        Release dates by training or test domain, of those that have one; left out of the JSON form where it is empty.
    reported : tuple of Reported
        Published numbers of the detector; left out of the JSON form where there are none.
    """

    key: str
    study: str
    study_key: str
    settings: str
    variant: str
    detector: str
    detector_identity: Mapping[str, Any]
    train: str
    tests: tuple[str, ...]
    seed: int | None
    seeds: int
    attempt: int
    bootstrap: int
    crop: Mapping[str, Any] | None
    band: Band
    rule: str
    evidence: Evidence
    trials: tuple[TriedBand, ...]
    narrow: tuple[NarrowBand, ...]
    tested: tuple[TestedBand, ...]
    decode_ms: float
    gaps: tuple[str, ...]
    problems: tuple[tuple[str, str, str], ...]
    digests: Mapping[str, str]
    splits: Mapping[str, str]
    split_id: str
    test_splits: Mapping[str, str]
    pictures: Mapping[str, str]
    dropped_leaks: Mapping[str, int]
    data: Mapping[str, Mapping[str, Any]]
    lookalikes: Mapping[str, Lookalikes]
    versions: Mapping[str, str]
    finished: float
    model_bytes: int | None = None
    submission: str = ""
    clips: str = "mean"
    train_overlap: float = 0.0
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)
    reals: Mapping[str, Lookalikes] = field(default_factory=dict)
    not_counted: tuple[str, ...] = ()
    plateau: Plateau | None = None
    reals_shortcuts: Mapping[str, Mapping[str, Shortcut]] = field(default_factory=dict)
    released: Mapping[str, str] = field(default_factory=dict)
    reported: tuple[Reported, ...] = ()

    @property
    def swept(self) -> bool:
        """True if narrow bands were tried, so that evidence was looked for."""
        return _swept(self.trials)

    @property
    def n_candidates(self) -> int:
        """Bands that were tried on validation pictures, among which one was chosen."""
        return sum(not trial.error for trial in self.trials)

    @property
    def chosen(self) -> TestedBand | None:
        """Chosen band with its score files."""
        return next((band for band in self.tested if band.role == "chosen"), None)

    @property
    def allpass_auc(self) -> float | None:
        """Validation AUC with all frequencies; None where that was not tried."""
        return next((trial.auc for trial in self.trials if trial.stage == "allpass"), None)

    def files_of(self, row: Row) -> tuple[str, ...]:
        """Score files of one row of the cell, one per draw, below its folder; none if the cell has no such row."""
        return next((band.files for band in self.tested if (band.role, band.band) == (row.role, row.band)), ())

    def to_json(self) -> dict[str, Any]:
        """JSON form of the present schema."""
        data = {"schema": SCHEMA, **_plain(self)}
        data |= {
            "detector_identity": dict(self.detector_identity),
            "tests": list(self.tests),
            "crop": None if self.crop is None else dict(self.crop),
            "band": self.band.as_dict(),
            "evidence": evidence_to_json(self.evidence),
            "plateau": self.plateau.to_json() if self.plateau else None,
            "trials": [trial.to_json() for trial in self.trials],
            "narrow": [band.to_json() for band in self.narrow],
            "tested": [band.to_json() for band in self.tested],
            "gaps": list(self.gaps),
            "problems": [list(problem) for problem in self.problems],
            "data": {name: dict(facts) for name, facts in self.data.items()},
            "lookalikes": _lookalikes_to_json(self.lookalikes),
            "shortcuts": _shortcuts_to_json(self.shortcuts),
            "reals": _lookalikes_to_json(self.reals),
            "reals_shortcuts": {domain: _shortcuts_to_json(audits) for domain, audits in self.reals_shortcuts.items()},
        }
        if not self.reals_shortcuts:
            del data["reals_shortcuts"]
        if not self.submission:
            del data["submission"]
        if self.clips == "mean":
            del data["clips"]
        data["train"] = training(self.train).to_json()
        data["not_counted"] = list(self.not_counted)
        if not self.not_counted:
            del data["not_counted"]
        data |= {"released": dict(self.released), "reported": [one.to_json() for one in self.reported]}
        for name in ("released", "reported"):
            if not data[name]:
                del data[name]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any], folder: Path | str = "the folder") -> Self:
        """
        Read the JSON form of any readable schema.

        Parameters
        ----------
        data : mapping
        folder : Path or str
            That it lies in, for messages.

        Raises
        ------
        RefusedError
            If the schema is another one, or a part is missing or damaged.
        """
        if not isinstance(data, Mapping) or data.get("schema") not in list(READABLE):
            text = f"{folder} holds no result of a cell ({FILE} is missing, damaged or of another version)."
            refuse(RefusedBecause.VERSION if isinstance(data, Mapping) else RefusedBecause.DAMAGED, text)
        try:
            present = _upgraded(data)
            check_form(present, f"{folder}/{FILE}")
            return cls._of_present(present)
        except RefusedError:
            raise
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, BenchError) as error:
            text = f"{folder}/{FILE} is incomplete ({type(error).__name__}: {error})."
            raise RefusedError(RefusedBecause.INVALID, text) from error

    @classmethod
    def _of_present(cls, data: Mapping[str, Any]) -> Self:
        values = {part.name: data[part.name] for part in fields(cls) if part.name in data or part.default is MISSING}
        trials = tuple(map(TriedBand.from_json, data["trials"]))
        values |= {
            "tests": tuple(data["tests"]),
            "band": Band(**data["band"]),
            "evidence": evidence_from_json(data["evidence"], _swept(trials)),
            "plateau": Plateau.from_json(data.get("plateau")),
            "trials": trials,
            "narrow": tuple(map(NarrowBand.from_json, data["narrow"])),
            "tested": tuple(map(TestedBand.from_json, data["tested"])),
            "train": training_of_json(data["train"]),
            "not_counted": tuple(data.get("not_counted", ())),
            "released": dict(data.get("released", {})),
            "reported": tuple(map(Reported.from_json, data.get("reported", ()))),
            "gaps": tuple(data["gaps"]),
            "problems": tuple((item, status, detail) for item, status, detail in data["problems"]),
            "lookalikes": _lookalikes_from_json(data["lookalikes"]),
            "reals": _lookalikes_from_json(data["reals"]),
            "shortcuts": _shortcuts_from_json(data["shortcuts"]),
            "reals_shortcuts": {
                domain: _shortcuts_from_json(audits) for domain, audits in data.get("reals_shortcuts", {}).items()
            },
        }
        return cls(**values)


def _swept(trials: Sequence[TriedBand]) -> bool:
    return any(trial.stage in ("sweep", "stop_sweep") for trial in trials)


def _upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """Add the parts that a document of an earlier schema lacks."""
    defaults = {
        # Cells without digests of settings and variant: the name of their study, of settings alone, and their own name.
        "settings": data.get("study_key", "")[:SHORT],
        "variant": data["key"][:SHORT],
        "narrow": [],
        "problems": [],
        "digests": {},
        "splits": {},
        "split_id": "",
        "test_splits": {},
        "pictures": {},
        "dropped_leaks": {"train": 0, "val": 0},
        "data": {},
        "lookalikes": {},
        "shortcuts": {},
        "reals": {},
        "reals_shortcuts": {},
        "released": {},
        "versions": {},
        "train_overlap": 0.0,
    }
    return defaults | dict(data)


def read_cell(folder: Path) -> CellDocument:
    """
    Read the document of a cell's folder.

    Raises
    ------
    RefusedError
        If there is none, or it is damaged, beyond the limits of `run_files`, or of another version.
    """
    try:
        data = read_run_json(folder / FILE)
    except RefusedError as error:
        raise RefusedError(error.reason, f"{folder} holds no result of a cell: {error}") from error
    return CellDocument.from_json(data, folder)


def find_cell(folder: Path | None) -> CellDocument | None:
    """Read the document of a cell's folder; None where there is none that can be read."""
    try:
        return None if folder is None else read_cell(folder)
    except DataError:
        return None


def keep_cell_document(document: CellDocument, folder: Path, durable: bool = True) -> None:
    """Write the document into a cell's folder."""
    write_json(folder / FILE, document.to_json(), durable=durable)


def fact_text(value: Any) -> str:
    """Return a fact of a data set (`CellProvenance.data`) as one line."""
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that scores depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def _plain(record: Any) -> dict[str, Any]:
    """Return the fields by name, with their values unchanged."""
    return {part.name: getattr(record, part.name) for part in fields(record)}


def _number(value: float | None) -> float:
    """Return a number of a file, in which undefined ones are null."""
    return math.nan if value is None else value


def _pair(values: Any) -> tuple[float, float]:
    value, error = values
    return _number(value), _number(error)
