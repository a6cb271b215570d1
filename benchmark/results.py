"""
A finished cell on disk, and the row that follows from it.

The folder of a cell holds ``cell.json`` (what was tried and chosen) and score files. Every number of a row is computed
from the score files, here or on the machine of whoever downloads them.
"""

import math
import platform
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frequency.bands import Band
from .cell_document import SCHEMA, SHORT, CellDocument, CellProvenance, TestedBand, TriedBand, keep_cell_document, read_cell
from .columns import board_metrics, measured
from ..errors import DataError
from ..metrics.bootstrap import GroupBootstrap, Measured, difference
from ..metrics.detection import Interval, Scored, Verdicts, best_threshold, roc_auc
from ..recording.band_aucs import keep_narrow
from ..pictures.perturbations import chain_of, dataset_name, unperturbed
from ..features.prepare import ItemSet
from .rows import EvidenceInterval, PerturbationResult, Row, TestResult, home_and_abroad
from .scores import DomainScores, join_tables, read_scores
from ..search.cell import RULE, Cell, CellResult, Tested, Trial
from ..store import digest

LIBRARIES = ("bandbench", "numpy", "scipy", "scikit-learn", "optuna", "pillow", "opencv-python-headless")
# Of a study: what is told by digests, or changes no number.
NOT_SETTINGS = {"detectors", "train", "test", "perturbations", "description", "needs", "datasets", "drop_leaks"}
MOVE_NO_ROW = {"name", "keep_models", "mmd"}  # of the settings


def cell_key(cell: Cell) -> str:
    """Name of a cell's result: the detector, the data and the settings that it depends on."""
    study = cell.study.model_dump(mode="json", exclude=NOT_SETTINGS)
    sets = [[r.train.digest, r.val.digest, [[t.domain, t.digest] for t in r.tests]] for r in cell.replicates]
    return digest([SCHEMA, study, cell.detector.identity(), cell.train, sets, cell.attempt, cell_provenance(cell).to_json()])


def study_key(cell: Cell) -> str:
    """Name of a cell's study: settings and test pictures, so that detectors and training domains can be added later."""
    settings = cell.study.model_dump(mode="json", exclude=NOT_SETTINGS)
    tests = sorted([t.domain, t.provenance.test_list, t.provenance.pictures] for t in cell.replicates[0].tests)
    return digest([SCHEMA, settings, tests, cell.attempt])


def settings_digest(cell: Cell) -> str:
    """Digest of the settings that move a row, equal for every detector and domain of a study; short."""
    return digest(cell.study.model_dump(mode="json", exclude=NOT_SETTINGS | MOVE_NO_ROW))[:SHORT]


def variant_digest(cell: Cell) -> str:
    """Digest of the settings and of all pictures that move the row of a cell; short."""
    sets = [[items.domain, items.split, items.digest] for items in _all_sets(cell)]
    return digest([settings_digest(cell), sets])[:SHORT]


def cell_provenance(cell: Cell) -> CellProvenance:
    """Describe the data of a cell, besides the pictures themselves."""
    first = cell.replicates[0]
    splits = {name: joined(digests) for name, digests in split_lists(cell).items()}
    test_splits = {items.domain: items.provenance.test_list for items in first.tests}
    dropped = [{"train": r.train.provenance.n_dropped, "val": r.val.provenance.n_dropped} for r in cell.replicates]
    return CellProvenance(
        splits=splits,
        split_id=digest([splits[cell.train], test_splits])[:SHORT],
        test_splits=test_splits,
        pictures={items.domain: items.provenance.pictures for items in first.tests},
        dropped_leaks=max(dropped, key=lambda counts: sum(counts.values())),
        data={dataset_name(s.domain): dict(s.provenance.facts) for s in (first.train, *first.tests) if s.provenance.facts},
        lookalikes={s.domain: s.provenance.lookalikes for s in first.tests if s.provenance.lookalikes.n},
    )


def split_lists(cell: Cell) -> dict[str, tuple[str, ...]]:
    """Digests of the split lists of a cell's domains, one per draw."""
    first = cell.replicates[0]
    found = {cell.train: tuple(r.train.provenance.split_list for r in cell.replicates)}
    for i, items in enumerate(first.tests):
        found[items.domain] = tuple(r.tests[i].provenance.split_list for r in cell.replicates)
    return found


def joined(digests: Sequence[str]) -> str:
    """One digest for the split lists of several draws: their own where all are equal."""
    return digests[0] if len(set(digests)) == 1 else digest(list(digests))


def fact_text(value: Any) -> str:
    """What a data set says of itself, in a line."""
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def write_cell(result: CellResult, key: str, folder: Path) -> CellDocument:
    """
    Write a cell's folder.

    Parameters
    ----------
    result : CellResult
        Without an error.
    key : str
        From `cell_key`.
    folder : Path
        Replaced if it exists.
    """
    shutil.rmtree(folder, ignore_errors=True)
    cell = result.cell
    assert result.chosen is not None
    # An oracle serves the headline, which perturbed domains have no part in unless one was trained on.
    wanted = [one for one in result.tested if not chain_of(one.domain) or one.domain == cell.train]
    tested = tuple(_copy_scores(folder, i, one) for i, one in enumerate(wanted))
    sets = _all_sets(cell)
    # What perturbing takes is no cost of the detector.
    plain = [items for items in cell.replicates[0].tests if not chain_of(items.domain)] or cell.replicates[0].tests
    document = CellDocument(
        key=key,
        study=cell.study.name,
        study_key=study_key(cell),
        settings=settings_digest(cell),
        variant=variant_digest(cell),
        detector=cell.detector.label,
        detector_identity=cell.detector.identity(),
        train=cell.train,
        tests=tuple(items.domain for items in cell.replicates[0].tests),
        seed=cell.study.seed,
        seeds=len(cell.replicates),
        attempt=cell.attempt,
        bootstrap=cell.study.bootstrap,
        crop=asdict(cell.study.crop.spec()),
        band=result.chosen.band,
        rule=RULE,
        evidence=None if result.evidence is None else EvidenceInterval(*result.evidence),
        trials=tuple(map(_tried, result.trials)),
        narrow=tuple(keep_narrow(result.trials, folder)),
        tested=tested,
        decode_ms=1e3 * float(np.mean([items.seconds_per_item for items in plain])),
        gaps=tuple(result.gaps),
        problems=tuple(sorted({problem for items in sets for problem in items.problems})),
        digests={f"{n}/{items.domain}/{items.split}": items.digest for n, items in _numbered_sets(cell)},
        **vars(cell_provenance(cell)),
        versions=versions(),
        finished=max(r.finished for t in wanted for r in t.records),
    )
    keep_cell_document(document, folder)
    return document


def _tried(trial: Trial) -> TriedBand:
    auc = trial.auc
    return TriedBand(trial.band, trial.stage, auc.value, auc.low, auc.high, auc.error, trial.error)


def _copy_scores(folder: Path, index: int, tested: Tested) -> TestedBand:
    files = []
    for replicate, record in enumerate(tested.records):
        name = f"scores/{index:02d}-{tested.role}-{replicate}.parquet"
        join_tables(folder / name, [Path(record.val_scores), Path(record.test_scores)])
        files.append(name)
    epochs = tuple(tuple(record.epochs) for record in tested.records)
    return TestedBand(
        role=tested.role,
        band=tested.band,
        domain=tested.domain,
        files=tuple(files),
        fit_seconds=float(np.mean([record.fit_seconds for record in tested.records])),
        score_ms=float(np.mean([record.score_ms for record in tested.records])),
        epochs=epochs if any(epochs) else None,
    )


def _numbered_sets(cell: Cell) -> Iterable[tuple[int, ItemSet]]:
    for r in cell.replicates:
        yield from ((r.number, items) for items in (r.train, r.val, *r.tests))


def _all_sets(cell: Cell) -> list[ItemSet]:
    return [items for _, items in _numbered_sets(cell)]


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that scores depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}}


def metric_name(domain: str, name: str) -> str:
    """Name of a test metric in MLflow, which takes word characters, space and ``/ . - :`` only."""
    return "/".join(["test", re.sub(r"[^/ .:\w-]", " ", domain), name])


# --- rows ------------------------------------------------------------------------------------------------------------


def cell_rows(folder: Path) -> list[Row]:
    """
    Leaderboard rows of one cell: its chosen band, its all-pass reference, and every fixed band of the study.

    Parameters
    ----------
    folder : Path
        With ``cell.json`` and the score files, on this machine or downloaded.

    Returns
    -------
    list of Row
        The chosen band first. Where it is all-pass itself there is no second all-pass row.

    Raises
    ------
    DataError
        If the folder is incomplete.
    """
    document = read_cell(folder)
    try:
        return _rows(document, folder)
    except (KeyError, IndexError, TypeError, StopIteration) as error:
        raise DataError(f"{folder}/cell.json is incomplete ({type(error).__name__}: {error}).") from error


ByDomain = dict[str, list[DomainScores]]


def _rows(document: CellDocument, folder: Path) -> list[Row]:
    scores = [[read_scores(folder / file) for file in one.files] for one in document.tested]
    context = _Context(document, {}, {}, {})
    for tested, replicates in zip(document.tested, scores, strict=True):
        if tested.role == "oracle":
            context.oracle[tested.domain] = _by_domain(replicates)[tested.domain]
            context.oracle_bands[tested.domain] = tested.band
        elif tested.role == "allpass":  # brought scores have none
            context.allpass.update(_by_domain(replicates))
    return [
        _row(context, tested, replicates)
        for tested, replicates in zip(document.tested, scores, strict=True)
        if tested.role != "oracle" and not (tested.role == "allpass" and document.band.kind == "all")
    ]


@dataclass(frozen=True)
class _Context:
    """Reference of all rows of a cell: scores by test domain of all-pass, and of the oracle with its band."""

    document: CellDocument
    allpass: ByDomain
    oracle: ByDomain
    oracle_bands: dict[str, Band]


def _by_domain(replicates: Sequence[Sequence[DomainScores]]) -> ByDomain:
    found: ByDomain = {}
    for entries in replicates:
        for entry in entries:
            if entry.split == "test":
                found.setdefault(entry.domain, []).append(entry)
    return found


def _row(context: _Context, entry: TestedBand, replicates: Sequence[Sequence[DomainScores]]) -> Row:
    document, is_chosen = context.document, entry.role == "chosen"
    tested = _by_domain(replicates)
    bootstrap = GroupBootstrap([e.scored for entries in tested.values() for e in entries], document.bootstrap)
    drawn = {name: np.mean([bootstrap.aucs(e.scored) for e in entries], axis=0) for name, entries in tested.items()}
    tests = _test_results(context, tested, _thresholds(replicates), bootstrap, drawn)
    return Row(
        detector=document.detector,
        train=document.train,
        role=entry.role,
        band=entry.band,
        evidence=document.evidence,
        swept=document.swept,
        **_headline(tests, document.train, bootstrap, tested, drawn),
        coverage=_mean([test.coverage for test in tests]),
        fit_seconds=entry.fit_seconds,
        ms_per_picture=document.decode_ms + entry.score_ms,
        score_ms=entry.score_ms,
        model_bytes=(document.model_bytes or math.nan) if is_chosen else math.nan,
        seeds=document.seeds,
        rule=document.rule if is_chosen else "",
        gaps=document.gaps,
        study=document.study,
        settings=document.settings,
        variant=document.variant,
        cell=document.key,
        finished=document.finished,
        splits=document.splits,
        split_id=document.split_id,
        dropped_leaks=document.dropped_leaks,
        data=document.data,
        tests=tuple(tests),
        robustness=tuple(_robustness(document.train, bootstrap, tested, drawn)),
    )


def _thresholds(replicates: Sequence[Sequence[DomainScores]]) -> list[float]:
    """Best threshold on the validation pictures of each draw; NaN without any."""
    validation = [next((entry.scored for entry in draw if entry.split == "val"), None) for draw in replicates]
    return [best_threshold(val.labels, val.scores) if val else math.nan for val in validation]


def _headline(
    tests: Sequence[TestResult], train: str, bootstrap: GroupBootstrap, tested: ByDomain, drawn: dict[str, NDArray[np.float64]]
) -> dict[str, Any]:
    """Numbers of a row that are means over test domains: over other domains where there are any, else at home."""
    home, abroad = home_and_abroad(tests, train)
    headline = abroad or home
    cross = Interval(math.nan, math.nan, math.nan, math.nan)
    if abroad:
        cross = _mean_interval(bootstrap, tested, drawn, [test.domain for test in abroad])
    measured_everywhere = not any(math.isnan(test.auc) for test in abroad)  # which is the worst is unknown where one is
    worst = min(abroad, key=lambda test: test.auc, default=None) if measured_everywhere else None
    return {
        **_auc_of("in_domain_auc", home[0] if home else None),
        **{f"cross_domain_auc{end}": value for end, value in _bounds(cross)},
        **_auc_of("worst_auc", worst),
        "worst_domain": worst.domain if worst else "",
        "oracle_auc": _mean([test.oracle_auc for test in headline]),
        "allpass_auc": _mean([test.allpass_auc for test in headline]),
        "gain": _mean([test.auc - test.allpass_auc for test in headline]),
        "metrics": {metric.name: _mean([test.value(metric.name) for test in headline]) for metric in board_metrics()},
    }


def _auc_of(name: str, test: TestResult | None) -> dict[str, float]:
    """AUC of one test domain with its bounds, under another name."""
    values = (test.auc, test.auc_lo, test.auc_hi) if test else (math.nan,) * 3
    return {f"{name}{end}": value for end, value in zip(("", "_lo", "_hi"), values, strict=True)}


def _robustness(
    train: str, bootstrap: GroupBootstrap, tested: ByDomain, drawn: dict[str, NDArray[np.float64]]
) -> list[PerturbationResult]:
    """
    Effect of each perturbation on the AUC: mean over the test domains that were scored with and without it.

    The training domain and the others stay apart: where a detector finds nothing, there is nothing to lose.
    """
    found = []
    for chain in dict.fromkeys(filter(None, map(chain_of, tested))):
        names = [name for name in tested if chain_of(name) == chain]
        for scope, at_home in (("in-domain", True), ("cross-domain", False)):
            mine = [name for name in names if (unperturbed(name) == unperturbed(train)) == at_home]
            if mine:
                found.append(_change(chain, scope, bootstrap, tested, drawn, mine))
    return found


def _change(
    chain: str,
    scope: str,
    bootstrap: GroupBootstrap,
    tested: ByDomain,
    drawn: dict[str, NDArray[np.float64]],
    perturbed: Sequence[str],
) -> PerturbationResult:
    """Mean AUC on perturbed domains and its drop; the interval is paired, as a draw holds the same groups on both sides."""
    paired = [name for name in perturbed if unperturbed(name) in tested]
    names = paired or perturbed
    under = _mean_interval(bootstrap, tested, drawn, names)
    plain = drop = Interval(math.nan, math.nan, math.nan, math.nan)
    if paired:
        clean = [unperturbed(name) for name in paired]
        plain = _mean_interval(bootstrap, tested, drawn, clean)
        lost = np.mean([drawn[unperturbed(name)] - drawn[name] for name in paired], axis=0)
        drop = difference(Measured(plain, _scored(tested, clean)), Measured(under, _scored(tested, names)), lost)
    return PerturbationResult(
        perturbation=chain,
        scope=scope,
        domains=tuple(unperturbed(name) for name in names),
        clean_auc=plain.value,
        **{f"auc{end}": value for end, value in _bounds(under)},
        **{f"drop{end}": value for end, value in _bounds(drop)},
    )


def _bounds(interval: Interval) -> list[tuple[str, float]]:
    return [("", interval.value), ("_lo", interval.low), ("_hi", interval.high)]


def _mean_interval(
    bootstrap: GroupBootstrap, tested: ByDomain, drawn: dict[str, NDArray[np.float64]], domains: Sequence[str]
) -> Interval:
    """Mean AUC over some domains."""
    return bootstrap.interval(_scored(tested, domains), np.mean([drawn[domain] for domain in domains], axis=0))


def _scored(tested: ByDomain, domains: Sequence[str]) -> list[Scored]:
    return [entry.scored for domain in domains for entry in tested[domain]]


def _test_results(
    context: _Context,
    tested: ByDomain,
    thresholds: Sequence[float],
    bootstrap: GroupBootstrap,
    drawn: dict[str, NDArray[np.float64]],
) -> list[TestResult]:
    return [
        _test_result(context, name, entries, thresholds, bootstrap.interval([e.scored for e in entries], drawn[name]))
        for name, entries in tested.items()
    ]


def _test_result(
    context: _Context, domain: str, entries: Sequence[DomainScores], thresholds: Sequence[float], auc: Interval
) -> TestResult:
    document = context.document
    alike = document.lookalikes.get(domain)
    return TestResult(
        domain=domain,
        auc=auc.value,
        auc_lo=auc.low,
        auc_hi=auc.high,
        n=entries[0].n_items,
        coverage=_mean([entry.coverage for entry in entries]),
        allpass_auc=_mean_auc(context.allpass.get(domain, [])),
        oracle_auc=_mean_auc(context.oracle.get(domain, [])),
        oracle_band=context.oracle_bands.get(domain),
        split_list=document.test_splits.get(domain, ""),
        pictures=document.pictures.get(domain, ""),
        lookalikes=alike.n if alike else 0,
        metrics=_mean_metrics(entries, thresholds),
    )


def _mean_metrics(entries: Sequence[DomainScores], thresholds: Sequence[float]) -> dict[str, float]:
    each = [measured(Verdicts(e.scored.labels, e.scored.scores, t)) for e, t in zip(entries, thresholds, strict=True)]
    return {name: _mean([one[name] for one in each]) for name in each[0]}


def _mean_auc(entries: Sequence[DomainScores]) -> float:
    return _mean([roc_auc(e.scored.labels, e.scored.scores) for e in entries])


def _mean(values: Sequence[float]) -> float:
    """Mean that stays undefined where a part of it is."""
    return float(np.mean(values)) if len(values) else math.nan
