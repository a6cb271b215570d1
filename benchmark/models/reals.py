"""The fakes of evaluated domains against sources of reals, each of which a trained model scores once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ..domains.guard import refuse_shared
from ..domains.names import REALS, chain_of
from ..domains.reals import RealsSource
from ..errors import BenchError
from ..features.audits import audit_against
from ..features.prepare import scratch_places
from ..metrics.roc import Scored
from ..pictures.audit import FactTable
from ..pictures.shortcuts import Shortcut
from ..reporting import Reporter
from ..results.reals import may_be_set_against, results_by_reals
from ..results.rows import TestResult
from ..results.scores import DomainScores, ok_rows, with_scores
from ..workers import Workers
from .evaluation import TEST_WAY_OUT, Evaluation, shared_items, split_as_learned
from .pools import load_pools
from .recipe import DETECTION
from .trained_model import TrainedModel


@dataclass(frozen=True)
class ScoredReals:
    """
    Reals of one source with their scores.

    Attributes
    ----------
    scores : pyarrow.Table
        In the form of a score file.
    problems : tuple of (domain, item, status, detail)
        Pictures that could not be used, those that were left out on purpose not among them.
    n_dropped : int
        Pictures that were left out because they share a clip or an identity with what the model has learned from.
    files : FactTable, or None
        Facts of the files of the scored reals; None where they were not read.
    """

    scores: pa.Table
    problems: tuple[tuple[str, str, str, str], ...]
    n_dropped: int
    files: FactTable | None = None


def score_reals(
    model: TrainedModel,
    sources: Sequence[RealsSource],
    workers: Workers,
    reporter: Reporter,
    drop: bool = False,
    allow_lookalikes: bool = False,
) -> dict[str, ScoredReals]:
    """
    Score the reals of some sources.

    Parameters
    ----------
    model : TrainedModel
    sources : sequence of RealsSource
    workers : Workers
    reporter : Reporter
    drop : bool
        Do not score pictures that share a clip or an identity with what the model has learned from, instead of refusing.
    allow_lookalikes : bool
        Score pictures that look like those that the model has learned from, however many they are.

    Returns
    -------
    dict of str to ScoredReals
        By name of the source. Pictures that the model has learned from are not scored.

    Raises
    ------
    BenchError
        If the model tells generators apart and not fakes from reals, if a source has no usable picture, or if it shares a clip
        or an identity with what the model has learned from.
    """
    if sources and model.recipe.task != DETECTION:
        raise BenchError(f"--reals is for a model that detects fakes, and this one was trained for {model.recipe.task}.")
    if not allow_lookalikes:
        sources = [_split_as_learned(model, source, workers, reporter) for source in sources]
    return {source.name: _scored(model, source, workers, reporter, drop, not allow_lookalikes) for source in sources}


def _split_as_learned(model: TrainedModel, source: RealsSource, workers: Workers, reporter: Reporter) -> RealsSource:
    return replace(source, domains=tuple(split_as_learned(model, one, workers, reporter) for one in source.domains))


def _scored(
    model: TrainedModel, source: RealsSource, workers: Workers, reporter: Reporter, drop: bool, apart: bool
) -> ScoredReals:
    shared = shared_items(model, source, REALS)
    if not drop:
        names = {name for of_item in shared.values() for name in of_item}
        refuse_shared(f"the training pictures of the model and the reals of {source.name}", names, TEST_WAY_OUT)
    left_out = {source.name: shared}
    with scratch_places() as places:
        pool = load_pools(model.recipe, [source], (REALS,), places, workers, reporter, model, left_out, apart)[REALS]
        scores = model.score_view(pool.view, pool.rows)
    return ScoredReals(with_scores(pool.table, scores[:, 0]), pool.problems, pool.n_dropped, pool.files)


def with_reals(model: TrainedModel, evaluations: Sequence[Evaluation], reals: dict[str, ScoredReals]) -> list[Evaluation]:
    """
    Add the results against each source of reals to evaluations, and the scores of the reals to their score tables.

    Parameters
    ----------
    model : TrainedModel
    evaluations : sequence of Evaluation
    reals : dict of str to ScoredReals
        By source; without any, the evaluations stay as they are.
    """
    if not reals:
        return list(evaluations)
    sources = {name: [_domain_scores(name, REALS, scored.scores)] for name, scored in reals.items()}
    tables = [scored.scores for scored in reals.values()]
    added = []
    for found in evaluations:
        auc, low, high = (found.numbers[name] for name in ("auc", "auc_lo", "auc_hi"))
        test = TestResult(found.domain, auc, low, high, found.n_items, found.n / found.n_items, shortcut=found.shortcut)
        fitting = {name: each for name, each in sources.items() if may_be_set_against(found.domain, name)}
        entries = [_domain_scores(found.domain, "test", found.scores)]
        results = [
            result if result.shortcut else replace(result, shortcut=_audit(found, result.source, reals))
            for result in results_by_reals(test, entries, fitting, [model.threshold])
        ]
        added.append(replace(found, by_reals=tuple(results), scores=pa.concat_tables([found.scores, *tables])))
    return added


def _audit(found: Evaluation, source: str, reals: dict[str, ScoredReals]) -> Shortcut | None:
    """Audit the files of the fakes of a domain and the reals of a source; perturbed pictures come from no file."""
    of_source = reals.get(source)
    if of_source is None or of_source.files is None or found.files is None or chain_of(found.domain) or chain_of(source):
        return None
    return audit_against(found.files, of_source.files)


def _domain_scores(domain: str, split: str, table: pa.Table) -> DomainScores:
    usable = table.filter(pa.array(ok_rows(table)))
    labels, scores, groups, items = (
        usable[name].to_numpy(zero_copy_only=False) for name in ("label", "score", "group", "item")
    )
    scored = Scored(labels.astype(np.int64), scores, groups.astype(str))
    return DomainScores(domain, split, scored, len(table), items.astype(str))
