"""Details of single rows, from the artifacts of their runs: curves, counts, trials, manifest, bands, pictures."""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...benchmark.domains.names import chain_of
from ...benchmark.errors import DataError
from ...benchmark.metrics.clips import ClipRule
from ...benchmark.metrics.roc import Scored
from ...benchmark.results import columns
from ...benchmark.results.cell_document import CellDocument, find_cell
from ...benchmark.results.inline_pictures import webp_address
from ...benchmark.results.mistakes import FILE as MISTAKES
from ...benchmark.results.rows import Row, Standing, TestResult
from ...benchmark.results.run_files import file_below, regular_file
from ...benchmark.results.scores import DomainScores, read_scores
from ...benchmark.tracking.reading import cell_runs, fetch_artifacts, study_pages
from ..notes import may_be_copies
from ..ranking.board import ranked_board
from ..ranking.detectors import DetectorPlace
from ..ranking.entrants import training_digest
from ..transfer.band_transfer import band_transfer
from ..transfer.choices import choice_gaps
from ..transfer.thresholds import Transfer, transferred
from .charts import histogram, roc_curve
from .influences import InfluenceWriter, Reference, RowInfluences, read_influences
from .mistakes import mistakes
from .picture_scores import PictureScoreWriter
from .rates import RateWriter

RepeatCommand = Callable[[CellDocument], str]
# Characters of the page, before it is compressed; pictures are compressed already. A page of many rows has less room for them.
BUDGETS = {"curves": 1_500_000, "bands": 1_500_000, "spectra": 600_000, "mistakes": 600_000}
MANY_ROWS = 2000
MOST_PICTURED = 60  # rows whose pictures are fetched from a server: the page has room for no more
MOST_AHEAD = 50  # rows whose scores wait in memory
MOST_READ = 500  # rows whose score files are read
DIGEST_LENGTH = 16
PICTURE_WIDTH = 760  # pixels
MOST_PICTURE_BYTES, MOST_PIXELS = 2**24, 2**24  # of a picture of a spectrum
SPECTRUM = "spectrum.png"  # artifact of a cell


@dataclass(frozen=True)
class Choice:
    """
    Choice of the band on other domains, for one run.

    Attributes
    ----------
    left_out : float
        AUC with bands chosen on the other test domains.
    candidates : int
        Bands to choose from.
    """

    left_out: float
    candidates: int


@dataclass
class Details:
    """
    Details of rows besides their numbers.

    Attributes
    ----------
    cells : dict of str to dict
        By run: detector's view and parameters, seeds, digests, versions, trials, the command that repeats it.
    rows : dict of str to dict
        By `row_id`: ROC curves and score counts per test domain. The first rows and runs have details, until the part of
        `BUDGETS` is used up.
    spectra : dict of str to str
        By run: the spectrum of its training pictures, a ``data:`` address.
    bands : dict of str to dict
        By run: see `band_transfer.band_transfer`.
    mistakes : dict of str to dict
        By run: see `mistakes.mistakes`.
    choices : dict of str to Choice
        By run.
    transfers : dict of str to list of Transfer
        By `row_id`: the in-domain threshold on each test domain, for the first `MOST_READ` rows.
    standings : list of Standing
        Of each row; empty where the rows bring their own.
    ranking : list of DetectorPlace
        Of the detectors over their training domains.
    files : dict of str to tuple of str
        By `row_id`: score files below the artifacts of its run, one per draw.
    scores_folder : str
        Folder beside the page with the scores of its rows, ``ID.parquet``; empty if there is none.
    influences : str
        Packed, see `influences.InfluenceWriter`; empty without score files.
    rates : str
        Packed, see `rates.RateWriter`; empty without score files.
    scores : str
        Packed, see `picture_scores.PictureScoreWriter`; empty without score files.
    """

    cells: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    spectra: dict[str, str] = field(default_factory=dict)
    bands: dict[str, dict[str, Any]] = field(default_factory=dict)
    mistakes: dict[str, dict[str, Any]] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    transfers: dict[str, list[Transfer]] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)
    ranking: list[DetectorPlace] = field(default_factory=list)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scores_folder: str = ""
    influences: str = ""
    rates: str = ""
    scores: str = ""


def row_id(row: Row) -> str:
    """Return a short name that a row keeps as long as nothing that it depends on changes."""
    return row.id


def load_details(
    uri: str,
    study: str | None,
    rows: Sequence[Row],
    folders: Mapping[str, Path] | None = None,
    repeat_command: RepeatCommand | None = None,
    computed: Collection[str] = (),
) -> Details:
    """
    Read the details of single rows from the artifacts of their runs.

    Parameters
    ----------
    uri : str
        Absolute.
    study : str, optional
    rows : sequence of Row
        Of `rows.load_board`, best first: those are served first.
    folders : mapping of str to Path, optional
        By run: those that are known, as of a board or a submission. The store is asked only if a row's is not among them.
    repeat_command : callable, optional
        Takes the document of a recorded cell and returns the command that computes it again. Without it no command is shown.
    computed : collection of str
        Data sets whose pictures are computed, see `notes.may_be_copies`.

    Raises
    ------
    TrackingError
        If the store does not answer.
    """
    artifacts = dict(folders or {})
    recorded = {row.run_id for row in rows if not row.is_submitted}
    pages = study_pages(uri) if recorded else {}  # a board of submissions needs no store
    if not recorded <= artifacts.keys():
        with cell_runs(uri, study) as runs:
            artifacts = {run.run_id: run.folder for run in runs} | artifacts
    first = dict.fromkeys(row.run_id for row in rows[:MOST_PICTURED] if row.run_id in artifacts)
    fetch_artifacts(uri, {run: artifacts[run] for run in first}, (SPECTRUM, MISTAKES))
    experiments = {name: page.partition("/runs")[0] for name, page in pages.items()}
    return read_details(rows, artifacts, experiments, recorded, repeat_command, computed)


def read_details(
    rows: Sequence[Row],
    folders: Mapping[str, Path],
    pages: Mapping[str, str] | None = None,
    recorded: Collection[str] = (),
    repeat_command: RepeatCommand | None = None,
    computed: Collection[str] = (),
) -> Details:
    """
    Read the details of rows whose folders are at hand.

    Parameters
    ----------
    rows, repeat_command, computed
        As for `load_details`.
    folders : mapping of str to Path
        By run.
    pages : mapping of str to str, optional
        Address of each study in MLflow, without the server.
    recorded : collection of str
        Runs that are recorded in the store, to which such an address and a command belong.
    """
    return _Reader(rows, folders, pages or {}, set(recorded), repeat_command or _no_command, computed).read()


def _no_command(_: CellDocument) -> str:
    return ""


class _Reader:
    """Reader of the folders of rows, in their order, as long as the page has room."""

    def __init__(
        self,
        rows: Sequence[Row],
        folders: Mapping[str, Path],
        pages: Mapping[str, str],
        recorded: set[str],
        repeat_command: RepeatCommand,
        computed: Collection[str],
    ) -> None:
        self.rows = rows
        self.repeat_command = repeat_command
        self.computed = computed
        self.folders = folders
        self.pages = pages
        self.recorded = recorded
        self.left = {name: size // (4 if len(rows) > MANY_ROWS else 1) for name, size in BUDGETS.items()}
        self.details = Details()
        self.documents: dict[str, CellDocument | None] = {}
        self.influences, self.rates, self.pictures = InfluenceWriter(), RateWriter(), PictureScoreWriter()
        self.references: dict[str, Reference] = {}
        self.oracles: dict[str, Reference | None] = {}
        self.ahead: dict[str, Draws] = {}  # scores of all-pass rows that were read for another row, until their turn comes
        self.unread = Counter(row.run_id for row in rows)
        self.trainings = Counter((row.detector, row.study) for row in rows if row.role == "chosen" and not row.shots)
        self.by_run: dict[str, list[Row]] = {}
        for row in rows:
            self.by_run.setdefault(row.run_id, []).append(row)

    def read(self) -> Details:
        if not any(row.standing for row in self.rows):
            board = ranked_board(self.rows, lambda row: self.folders.get(row.run_id))
            self.details.standings = [row.standing or Standing() for row in board.rows]
            self.details.ranking = board.detectors
        for n, row in enumerate(self.rows):
            if row.run_id not in self.folders:
                continue
            if row.run_id not in self.documents:
                self._read_run(row)
            if (document := self.documents[row.run_id]) and (files := document.files_of(row)):
                self.details.files[row_id(row)] = files
            self._read_row(row, n < MOST_READ)
        self.details.influences, self.details.rates = self.influences.packed(), self.rates.packed()
        self.details.scores = self.pictures.packed()
        return self.details

    def _read_run(self, row: Row) -> None:
        run, folder = row.run_id, self.folders[row.run_id]
        document = self.documents[run] = find_cell(folder)
        page = self.pages.get(row.study, "") if run in self.recorded else ""
        cell = self._cell(document, run in self.recorded) if document else {}
        self.details.cells[run] = {**cell, "page": f"{page}/runs/{run}" if page else ""}
        rows, narrow = self.by_run[run], document.narrow if document else ()
        self._add(self.details.bands, run, _band_map(row, rows, document), "bands")
        if narrow:
            domains = [test.domain for test in row.main_tests]
            self.influences.add_narrow(run, domains, np.array([[band.auc_on(name) for name in domains] for band in narrow]))
        gaps, n_candidates = choice_gaps(narrow, rows)
        self.details.choices[run] = Choice(gaps.left_out, n_candidates)
        self._add(self.details.spectra, run, _spectrum(folder), "spectra")
        plain = [test.domain for test in row.tests if not test.is_perturbed]
        self._add(self.details.mistakes, run, mistakes(folder, plain), "mistakes")

    def _cell(self, document: CellDocument, recorded: bool) -> dict[str, Any]:
        command = self.repeat_command(document) if recorded else ""
        return _manifest(document, self.computed) | {"command": command}

    def _read_row(self, row: Row, with_curves: bool) -> None:
        draws = self._scores(row)
        self.unread[row.run_id] -= 1
        if draws:
            self.pictures.add(row_id(row), row, draws)
            self._add_influences(row, draws)
        if not self.unread[row.run_id]:
            self.references.pop(row.run_id, None)
            self.oracles.pop(row.run_id, None)
        if not with_curves:
            return
        self.details.transfers[row_id(row)] = _transfers(draws, self.documents[row.run_id])
        self._add(self.details.rows, row_id(row), _curves(draws, row), "curves")

    def _scores(self, row: Row) -> "Draws":
        ahead = self.ahead.pop(row_id(row), None)
        return _scores(self.documents[row.run_id], row, self.folders[row.run_id]) if ahead is None else ahead

    def _add_influences(self, row: Row, draws: "Draws") -> None:
        """Add the influences of a row, with those that its gain over all frequencies and its oracle gap are computed from."""
        name, run = row_id(row), row.run_id
        allpass = next((r for r in self.by_run[run] if r.band.kind == "all"), None)
        if allpass is not None and run not in self.references:  # several rows of a run have it in common
            scores = draws if allpass is row else self._scores(allpass)
            if allpass is not row and len(self.ahead) < MOST_AHEAD:
                self.ahead[row_id(allpass)] = scores
            self.references[run] = Reference(row_id(allpass), self._influences(allpass, scores))
        reference = self.references.get(run)
        own = reference.influences if reference and reference.name == name else self._influences(row, draws)
        if run not in self.oracles:
            self.oracles[run] = self._oracle(row)
        self.influences.add(name, own, reference, self.oracles[run])
        self.rates.add(name, own.rates)
        if row.role == "chosen" and not row.shots and self.trainings[row.detector, row.study] > 1:
            self.influences.add_to_recipe(f"{row.detector}\n{row.study}", name, own)

    def _influences(self, row: Row, draws: "Draws") -> RowInfluences:
        document = self.documents[row.run_id]
        if document is None:
            return read_influences(row, draws)
        training, clips = training_digest(document), ClipRule(document.clips)
        return read_influences(row, draws, training, document.train_overlap, clips, document.bootstrap)

    def _oracle(self, row: Row) -> Reference | None:
        """Return the best tried band of each test domain of a run, as one row; None without any."""
        document, folder = self.documents[row.run_id], self.folders[row.run_id]
        draws = oracle_scores(document, folder) if document else []
        if not document or not draws:
            return None
        plain = replace(row, tests=tuple(replace(test, by_reals=()) for test in row.tests))
        name = f"oracle {row.run_id}"
        found = Reference(name, read_influences(plain, draws, training_digest(document), document.train_overlap))
        self.influences.add_oracle(name, found.influences)
        return found

    def _add(self, target: dict[str, Any], key: str, value: Any, budget: str) -> None:
        """Add a value if the budget has room for it."""
        size = len(value) if isinstance(value, str) else len(json.dumps(value))
        if value and size <= self.left[budget]:
            target[key] = value
            self.left[budget] -= size


def _band_map(row: Row, rows: Sequence[Row], document: CellDocument | None) -> dict[str, Any]:
    if document is None:
        return {}
    return band_transfer(row.train, document.narrow, _allpass(rows, document), document.evidence)


def _allpass(rows: Sequence[Row], document: CellDocument | None) -> dict[str, float]:
    """Return the AUC with all frequencies by test domain, and on validation pictures under the empty name."""
    validation = document.allpass_auc if document else None
    in_domain = {} if validation is None else {"": validation}
    return {**in_domain, **{test.domain: test.allpass_auc for row in rows for test in row.tests}}


def _manifest(document: CellDocument, computed: Collection[str]) -> dict[str, Any]:
    """Return the settings, digests and trials of a cell."""
    identity = document.detector_identity
    swept = [trial for trial in document.trials if trial.stage == "sweep" and not math.isnan(trial.auc)]
    alike = {name: pairs for name, pairs in document.lookalikes.items() if may_be_copies(name, computed)}
    return {
        "view": next(iter(identity.get("view", [])), ""),
        "parameters": identity.get("parameters", {}),
        "code": {name: identity.get(name) for name in ("name", "version", "source")},
        "data": _short(document.digests),
        "study_key": document.study_key,
        "seed": document.seed,
        "crop": document.crop,
        "versions": document.versions,
        "lookalikes": {name: {"n": entry.n, "pairs": entry.pairs} for name, entry in alike.items()},
        "splits": _short(document.splits),
        "allpass": document.allpass_auc,
        "sweep": [[*trial.band.edges, trial.auc, trial.auc_lo, trial.auc_hi] for trial in swept],
    }


def _short(digests: Mapping[str, str]) -> dict[str, str]:
    """Return the beginnings of digests, of unperturbed domains."""
    return {name: text[:DIGEST_LENGTH] for name, text in digests.items() if not chain_of(name)}


Draws = Sequence[Sequence[DomainScores]]


def _scores(document: CellDocument | None, row: Row, folder: Path) -> Draws:
    """Read the score files of one row, one per draw; none where they cannot be read."""
    try:
        return [read_scores(file_below(folder, file)) for file in (document.files_of(row) if document else ())]
    except DataError:
        return []


def oracle_scores(document: CellDocument, folder: Path) -> "Draws":
    """Read the scores of the best tried band of each test domain, domain by domain and one list per draw; none where unread."""
    oracles = [band for band in document.tested if band.role == "oracle"]
    files = {file: None for band in oracles for file in band.files}
    try:
        read = {file: read_scores(folder / file) for file in files}
    except DataError:
        return []
    return [
        [
            entry
            for band, file in zip(oracles, names, strict=True)
            for entry in read[file]
            if (entry.split, entry.domain) == ("test", band.domain)
        ]
        for names in zip(*(band.files for band in oracles), strict=True)
    ]


def _tests(draws: Draws) -> dict[str, list[Scored]]:
    """Return the scores of unperturbed test pictures by domain, one per draw."""
    by_domain: dict[str, list[Scored]] = {}
    for draw in draws:
        for entry in draw:
            if entry.split == "test" and not chain_of(entry.domain) and len(entry.scored.scores):
                by_domain.setdefault(entry.domain, []).append(entry.scored)
    return {domain: each for domain, each in by_domain.items() if len(each) == len(draws)}


def _transfers(draws: Draws, document: CellDocument | None) -> list[Transfer]:
    validation = [entry.scored for draw in draws for entry in draw if entry.split == "val"][: len(draws)]
    tests = _tests(draws)
    if not tests or len(validation) < len(draws):
        return []
    return transferred(validation, tests, overlap=document.train_overlap if document else 0.0)


def _curves(draws: Draws, row: Row) -> dict[str, Any]:
    """Return ROC curves and score counts of one row; empty where there are no scores."""
    tests = _tests(draws)
    if not tests:
        return {}
    low, high = _bounds([each[0] for each in tests.values()])
    return {
        "low": low,
        "high": high,
        "domains": {domain: _domain(each, low, high) for domain, each in tests.items()},
        "tests": {test.domain: _more(test) for test in row.tests if not test.is_perturbed},
        "robustness": [result.to_json() for result in row.robustness],
    }


def _bounds(scored: Sequence[Scored]) -> tuple[float, float]:
    """Return the bounds of the middle 99 % of the scores: an outlier must not squeeze all others into one bin."""
    low, high = np.quantile(np.concatenate([s.scores for s in scored]), [0.005, 0.995])
    return float(low), float(high)


def _domain(replicates: Sequence[Scored], low: float, high: float) -> dict[str, Any]:
    reals, fakes = histogram(replicates[0], low, high)
    return {"roc": np.round(roc_curve(replicates), 4).tolist(), "reals": reals, "fakes": fakes}


def _more(test: TestResult) -> dict[str, Any]:
    """Return the numbers of a test domain that only the details of the row show."""
    names = (name for metric in columns.METRICS for name in metric.names)
    numbers = {name: test.value(name) for name in (*names, "allpass_auc", "oracle_auc", "draw_sd")}
    return {**numbers, "oracle_band": str(test.oracle_band) if test.oracle_band else ""}


def _spectrum(folder: Path) -> str:
    """Return the run's picture of its spectrum as a small WebP in a ``data:`` address; empty if there is none."""
    from PIL import Image

    try:
        with Image.open(regular_file(folder / SPECTRUM, MOST_PICTURE_BYTES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return ""
            small = picture.convert("RGB")
    except (DataError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # the file may be a stranger's
        return ""
    small.thumbnail((PICTURE_WIDTH, PICTURE_WIDTH))
    return webp_address(small, quality=70)
