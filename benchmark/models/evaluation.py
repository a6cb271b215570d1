"""Evaluate a trained model on domains that it has not seen."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..contracts import FAKE, LABEL_NAMES, REAL, SPLITS
from ..domains.catalogue import Catalogue, OpenDomain
from ..domains.guard import Name, refuse_shared, whole
from ..domains.names import unperturbed
from ..domains.seen import hashed_names
from ..domains.splits import split_digest
from ..errors import DataError, unknown_name
from ..features.lookalike_leaks import can_be_drawn_anew, drawn_anew, with_datasets
from ..features.prepare import Request, scratch_places
from ..metrics.clips import ClipMetrics, ClipRule, Frames, clip_metrics
from ..metrics.intervals import Intervals
from ..metrics.roc import Scored
from ..pictures.audit import FactTable, audit
from ..pictures.shortcuts import Shortcut
from ..reporting import OneStage, Reporter
from ..results.rows import RealsResult
from ..results.scores import frame_clips, with_scores
from ..workers import Workers
from .attribution import attribution_metrics, confusion_matrix, generator_of
from .pools import Pool, is_home, load_pools, prepare_for, splits_and_facts
from .recipe import ATTRIBUTION
from .trained_model import TrainedModel, detection_numbers

TEST_WAY_OUT = "Test on other pictures, or leave the offenders out of the test with --drop-leaks."


@dataclass(frozen=True)
class Evaluation:
    """
    A model on one test domain, or on several taken together (attribution).

    Attributes
    ----------
    domain : str
    n, n_items : int
        Pictures scored, and all.
    numbers : dict of str to float
    confusion : array of int64 (n_classes, n_classes), or None
    scores : pyarrow.Table
        Score file: items with status, and the score (detection).
    problems : tuple of (domain, item, status, detail)
        Pictures that could not be used, those that were left out on purpose not among them.
    n_dropped : int
        Pictures that were left out because they share a clip or an identity with what the model has learned from.
    data : dict
        ``splits`` (digests of the split lists by domain) and ``data`` (`Dataset.facts` by data set).
    missing : tuple of str
        Classes of a detection that have no scored picture, ``real`` or ``fake``: numbers that need both are NaN.
    clips : ClipMetrics, or None
        Of the clips, where pictures are frames of clips (detection).
    clip_problem : str
        Reason why frames could not be pooled to clips; empty if they could, or if there are none.
    by_reals : tuple of RealsResult
        The fakes against each source of reals (`models.reals`); empty where none was asked for.
    shortcut : Shortcut, or None
        Audit of the files; None where a class has fewer than two groups.
    files : FactTable, or None
        Facts of the files of the scored pictures; None where they were not read.
    """

    domain: str
    n: int
    n_items: int
    numbers: dict[str, float]
    confusion: NDArray[np.int64] | None
    scores: pa.Table
    problems: tuple[tuple[str, str, str, str], ...]
    n_dropped: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    clips: ClipMetrics | None = None
    clip_problem: str = ""
    by_reals: tuple[RealsResult, ...] = ()
    shortcut: Shortcut | None = None
    files: FactTable | None = None


def evaluate_model(
    model: TrainedModel,
    test: Sequence[str],
    catalogue: Catalogue,
    workers: Workers,
    reporter: Reporter,
    drop: bool = False,
    rule: ClipRule = ClipRule.MEAN,
    allow_lookalikes: bool = False,
) -> list[Evaluation]:
    """
    Score the test pictures of domains; those that the model has seen are not scored.

    Parameters
    ----------
    model : TrainedModel
    test : sequence of str
        Domains.
    catalogue : Catalogue
    workers : Workers
    reporter : Reporter
    drop : bool
        Do not score pictures that share a clip or an identity with what the model has learned from, instead of refusing.
    rule : ClipRule
        Pools the scores of a clip's frames (detection).
    allow_lookalikes : bool
        Score pictures that look like those that the model has learned from, however many they are.

    Returns
    -------
    list of Evaluation
        One per domain; for attribution one of all together.

    Raises
    ------
    BenchError
        If a domain has no usable picture left, a generator that the model does not know, or shares a clip or an identity with
        what the model has learned from.
    """
    recipe = model.recipe
    if recipe.task == ATTRIBUTION:
        for name in test:
            if generator_of(name) not in recipe.classes:
                raise DataError(unknown_name(f"class of the model for {name}:", generator_of(name), recipe.classes))
        parts = [tuple(test)]
    else:
        parts = [(name,) for name in test]
    domains = {name: catalogue.domain(name, recipe.seed) for name in test}
    at_home = [name for name, domain in domains.items() if can_be_drawn_anew(domain) and is_home(model, domain)]
    if not allow_lookalikes:
        domains |= {name: _drawn_as_learned(model, domains[name], workers, reporter) for name in at_home}
    for name, domain in domains.items():
        n_test, n_all = len(domain.split("test")), sum(len(domain.split(split)) for split in SPLITS)
        if n_test < n_all and can_be_drawn_anew(domain) and name not in at_home:
            reporter.note(f"{name} is split by draw: {n_test} of its {n_all} pictures are test pictures; below test/ all are.")
    shared = {name: shared_items(model, domain) for name, domain in domains.items()}
    for name, items in shared.items():
        if not drop:
            names = {shared_name for of_item in items.values() for shared_name in of_item}
            refuse_shared(f"the training pictures of the model and test of {name}", names, TEST_WAY_OUT)
    if len(parts) > 1:
        reporter = OneStage(reporter, "scoring test pictures", sum(len(domain.split("test")) for domain in domains.values()))
    apart = not allow_lookalikes
    return [_evaluate(model, [domains[name] for name in part], shared, workers, reporter, rule, apart) for part in parts]


def split_as_learned(model: TrainedModel, domain: OpenDomain, workers: Workers, reporter: Reporter) -> OpenDomain:
    """
    Return a domain with the splits that its data set had when the model learned from it.

    They differ from those that are listed where the data set was grouped by look-alikes, which needs all of its pictures.
    """
    if not can_be_drawn_anew(domain) or not is_home(model, domain):
        return domain
    return _drawn_as_learned(model, domain, workers, reporter)


def _drawn_as_learned(model: TrainedModel, domain: OpenDomain, workers: Workers, reporter: Reporter) -> OpenDomain:
    """Return a domain that the model has learned from with the splits of then."""
    if split_digest(whole(domain).items) in model.data.get("splits", {}).values():
        return domain
    with scratch_places() as places:
        (part,) = prepare_for(model.recipe, [Request(domain, (("train", "val"), ("test",)))], places, workers, reporter)
        drawn = drawn_anew(domain, {split: part.statuses(split) for split in SPLITS}, lambda _: part.statuses("test"))
    if drawn is None:
        return domain
    reporter.note(drawn.sentence)
    return with_datasets({(domain.name, 0): domain}, {unperturbed(domain.name): drawn.dataset})[domain.name, 0]


def shared_items(model: TrainedModel, domain: OpenDomain, split: str = "test") -> dict[str, set[Name]]:
    """Return the items of a split that share a clip or an identity with what a model has learned from: shared names by id."""
    learned = model.names or frozenset()
    shared = {}
    for item in domain.split(split):
        names = {name for hashed, name in hashed_names(domain, item).items() if hashed in learned}
        if names:
            shared[item.id] = names
    return shared


def _evaluate(
    model: TrainedModel,
    domains: Sequence[OpenDomain],
    shared: Mapping[str, Container[str]],
    workers: Workers,
    reporter: Reporter,
    rule: ClipRule,
    apart: bool,
) -> Evaluation:
    with scratch_places() as places:
        pool = load_pools(model.recipe, domains, ("test",), places, workers, reporter, model, shared, apart)["test"]
        scores = model.score_view(pool.view, pool.rows)
    audited = audit(pool.files)
    probabilities = model.calibration.probabilities(scores)
    n_classes = len(model.recipe.classes)
    clips, clip_problem = _clips(model, pool, scores[:, 0], rule) if n_classes == 2 else (None, "")
    return Evaluation(
        ", ".join(domain.name for domain in domains),
        len(pool.labels),
        len(pool.table),
        _numbers(pool.labels, scores, probabilities, pool.groups, model.threshold),
        confusion_matrix(pool.labels, probabilities.argmax(axis=1), n_classes) if n_classes > 2 else None,
        with_scores(pool.table, probabilities.max(axis=1) if n_classes > 2 else scores[:, 0]),
        pool.problems,
        pool.n_dropped,
        splits_and_facts(domains),
        tuple(name for label, name in enumerate(LABEL_NAMES) if n_classes == 2 and label not in pool.labels),
        clips,
        clip_problem,
        shortcut=audited.shortcut if audited else None,
        files=pool.files,
    )


def _clips(model: TrainedModel, pool: Pool, scores: NDArray[np.float64], rule: ClipRule) -> tuple[ClipMetrics | None, str]:
    """Return the metrics of the clips of a pool, None if it has none, and the reason if they cannot be computed."""
    names = frame_clips(pool.table)
    if names is None:
        return None, ""
    frames = Frames(Scored(pool.labels, scores, pool.groups), names)
    try:
        intervals = Intervals([frames.scored])
        return clip_metrics([frames], rule, [model.threshold], [model.clip_threshold(rule)], intervals), ""
    except DataError as error:
        return None, str(error)


def _numbers(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    probabilities: NDArray[np.float64],
    groups: NDArray,
    threshold: float,
) -> dict[str, float]:
    if probabilities.shape[1] > 2:
        return attribution_metrics(labels, probabilities)
    called_fake = scores[:, 0] >= threshold
    shares = [float(called_fake[labels == label].mean()) if label in labels else math.nan for label in (REAL, FAKE)]
    numbers = detection_numbers(Scored(labels, scores[:, 0], groups), probabilities, threshold)
    return {**numbers, "false_alarms": shares[0], "detections": shares[1]}
