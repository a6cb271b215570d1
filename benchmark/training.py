"""Train one detector and keep it; test a kept one on domains that it has not seen."""

import math
import tempfile
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .attribution import Classifier, attribution_metrics, confusion_matrix
from ..domains.catalogue import Catalogue, OpenDomain
from ..contracts import FAKE, LABEL_NAMES, REAL, View, ViewSpec
from ..recording.learning_curves import member_series
from ..search.run import data_facts, framing_of, prepare_chunks, same_data, task_key
from ..errors import DataError, StudyError, unknown_name
from ..domains.seen import Learned, content_name, fitted_names, hashed_names
from ..metrics.detection import Scored
from ..pictures.perturbations import dataset_name, unperturbed
from ..features.prepare import (
    OK,
    ItemSet,
    Outcomes,
    Places,
    chunk_tasks,
    guarded,
    item_set,
    load_view,
    outcomes,
    whole,
    without_copies,
    without_items,
)
from ..domains.guard import Fitted, Name, drop_leaks, refuse_leaks, refuse_shared, split_digest
from ..reporting import Reporter
from ..results.cells import SHORT, fact_text
from ..search.fit import item_labels
from ..results.scores import ok_rows, with_scores, write_table
from ..store import cache_root, digest, ensure_writable
from ..tracking import RunDocument
from .trained_model import (
    ATTRIBUTION,
    Calibration,
    Recipe,
    TrainedModel,
    ambiguous_stretch,
    detection_numbers,
    fitted,
    require_classes,
)
from ..workers import Workers

REAL_NAME = LABEL_NAMES[0]
MODELS = "models"  # MLflow experiment
ENCODER_FACTS = ("library", "model", "weights", "content", "activation", "statistics", "side")  # of a view, where it has them
SHARED = "it shares a clip or an identity with pictures that the model has learned from."
TEST_WAY_OUT = "Test on other pictures, or leave the offenders out of the test with --drop-leaks."


@dataclass(frozen=True)
class Pool:
    """
    Pictures of one split of one or several domains, each once.

    Attributes
    ----------
    view : View of n_crops
    rows : array of int (n_crops,)
        Which picture each crop shows.
    labels : array of int64 (n_pictures,)
    contents : tuple of str
        Of every picture.
    groups : array of str (n_pictures,)
    table : pyarrow.Table
        Items, those that could not be used included; without repetitions.
    problems : tuple of (domain, item, status, detail)
    """

    view: View
    rows: NDArray[np.intp]
    labels: NDArray[np.int64]
    contents: tuple[str, ...]
    groups: NDArray
    table: pa.Table
    problems: tuple[tuple[str, str, str, str], ...]


def generator_of(domain: str) -> str:
    """Name of the class that a domain's fakes are of: its variant, or the data set where that is one domain."""
    name, _, variant = unperturbed(domain).partition("/")
    return variant or name


def classes_of(task: str, domains: Sequence[str]) -> tuple[str, ...]:
    """
    Names of the classes by label.

    Raises
    ------
    StudyError
        If attribution has fewer than two generators.
    """
    if task != ATTRIBUTION:
        return LABEL_NAMES
    generators = tuple(dict.fromkeys(generator_of(domain) for domain in domains))
    if len(generators) < 2:
        raise StudyError(
            f"attribution needs fakes of at least two generators, got {', '.join(generators)}; "
            f"give several --train domains of a data set that has generators (procedural, for example)."
        )
    return (REAL_NAME, *generators)


def train_model(
    recipe: Recipe, catalogue: Catalogue, workers: Workers, reporter: Reporter, drop: bool = False
) -> tuple[TrainedModel, tuple[tuple[str, str, str, str], ...]]:
    """
    Fit a detector on the training pictures of some domains and calibrate it on their validation pictures.

    Parameters
    ----------
    recipe : Recipe
    catalogue : Catalogue
    workers : Workers
    reporter : Reporter
    drop : bool
        Leave out training pictures that share a clip or an identity with validation pictures, instead of refusing.

    Returns
    -------
    model : TrainedModel
    problems : tuple of (domain, item, status, detail)
        Pictures that could not be used.

    Raises
    ------
    BenchError
        If a class is missing, which is told before a picture is prepared; splits share an identity, or the detector fails.
    """
    listed = [catalogue.domain(name, recipe.seed) for name in recipe.train]
    require_listed(recipe, listed)
    domains, dropped = guard(listed, drop)
    with _places() as places:
        pools = _pools(recipe, domains, ("train", "val"), places, workers, reporter)
        train, val = pools["train"], pools["val"]
        require_classes(val.labels, recipe.classes)
        n_classes = len(recipe.classes)
        plugin = recipe.detector.plugin
        members = [recipe.detector.build(recipe.seed) for _ in range(Classifier.n_members(plugin, n_classes))]
        reporter.stage(f"fitting {recipe.label} on {len(train.labels)} pictures", None)
        classifier, scores = fitted(
            recipe.label, members, n_classes, (train.view, train.labels[train.rows]), (val.view, val.rows)
        )
    seen = frozenset(content_name(content) for content in (*train.contents, *val.contents))
    learned = Learned(seen, fitted_names(domains))
    data = {**_splits_and_facts(domains), "dropped_leaks": dropped}
    if n_classes == 2:
        scored = Scored(val.labels, scores[:, 0], val.groups)
        model = TrainedModel.calibrated(recipe, classifier, scored, len(train.labels), learned, data)
    else:
        model = _attributing(recipe, classifier, val.labels, scores, len(train.labels), learned, data)
    return replace(model, framing=framing_of(domains)), (*train.problems, *val.problems)


def require_listed(recipe: Recipe, domains: Sequence[OpenDomain]) -> None:
    """
    Refuse training domains that together list no picture of some class.

    A detector that learns from reals alone needs no fakes for training, but validation pictures of every class: a model that
    is kept is calibrated on them.

    Raises
    ------
    DataError
        Naming the class, the split and what to do.
    """
    words = {"train": "training", "val": "validation"}
    for label, name in enumerate(recipe.classes):
        fake = int(label > 0)
        mine = [domain for domain in domains if len(recipe.classes) == 2 or not fake or generator_of(domain.name) == name]
        for split in ("train", "val"):
            needless = split == "train" and fake and recipe.detector.plugin.learns_from == "real"
            if needless or any(item.split == split and item.label == fake for domain in mine for item in domain.items):
                continue
            why = "; a model that is kept is calibrated on validation pictures of every class" if split == "val" else ""
            raise DataError(
                f"{', '.join(domain.name for domain in mine)}: no {name} {words[split]} picture{why}. {mine[0].remedy}"
            )


def _attributing(
    recipe: Recipe,
    classifier: Classifier,
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    n_train: int,
    learned: Learned,
    data: dict[str, Any],
) -> TrainedModel:
    """Make a model of several classes out of a fitted classifier and its validation scores (n_items, n_classes)."""
    calibration = Calibration.of(scores, labels)
    probabilities = calibration.probabilities(scores)
    numbers = {"n_train": n_train, "n_validation": len(labels), **attribution_metrics(labels, probabilities)}
    unsure = ambiguous_stretch(probabilities, labels)
    return TrainedModel(recipe, classifier, calibration, unsure, float("nan"), numbers, learned.seen, learned.names, data)


def guard(domains: Sequence[OpenDomain], drop: bool) -> tuple[list[OpenDomain], dict[str, int]]:
    """
    Keep training and validation pictures apart, over all domains that one model is trained on.

    Parameters
    ----------
    domains : sequence of OpenDomain
    drop : bool
        Leave training pictures out instead of refusing.

    Returns
    -------
    domains : list of OpenDomain
        Without what was left out.
    dropped : dict of str to int
        How many pictures were left out, by split.

    Raises
    ------
    DataError
        Naming what is shared; or, with `drop`, if a domain is left without a class.
    """
    fitted = [Fitted(domain.name, domain.split("train"), domain.split("val"), domain.regrouping) for domain in domains]
    for i, domain in enumerate(domains):
        related = [k for k, other in enumerate(domains) if same_data(other, domain)]
        if related[0] == i:
            (drop_leaks if drop else refuse_leaks)([fitted[k] for k in related], {})
    kept = list(domains)
    gone: dict[str, set[tuple[str, str]]] = {"train": set(), "val": set()}
    for i, (domain, one) in enumerate(zip(domains, fitted, strict=True)):
        for split, items in one.dropped.items():
            gone[split] |= {(dataset_name(domain.name), item.id) for item in items}  # reals are in several domains
        if any(one.dropped.values()):
            kept[i] = guarded(domain, [item for items in one.dropped.values() for item in items])
    return kept, {split: len(items) for split, items in gone.items()}


def _splits_and_facts(domains: Sequence[OpenDomain]) -> dict[str, Any]:
    return {"splits": {domain.name: split_digest(whole(domain).items) for domain in domains}, "data": data_facts(domains)}


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
        Pictures that could not be used, those that were left out on demand not among them.
    n_dropped : int
        Pictures that were left out because they share a clip or an identity with what the model has learned from.
    data : dict
        ``splits`` (digests of the split lists by domain) and ``data`` (`Dataset.facts` by data set).
    missing : tuple of str
        Classes of a detection that have no scored picture, ``real`` or ``fake``: what needs both is NaN.
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


def evaluate_model(
    model: TrainedModel,
    test: Sequence[str],
    catalogue: Catalogue,
    workers: Workers,
    reporter: Reporter,
    drop: bool = False,
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
    shared = {name: shared_items(model, domain) for name, domain in domains.items()}
    for name, items in shared.items():
        if not drop:
            names = {name for found in items.values() for name in found}
            refuse_shared(f"the training pictures of the model and test of {name}", names, TEST_WAY_OUT)
    return [_evaluate(model, [domains[name] for name in part], shared, workers, reporter) for part in parts]


def shared_items(model: TrainedModel, domain: OpenDomain) -> dict[str, set[Name]]:
    """Ids of the test items that share a clip or an identity with what a model has learned from, and what they share."""
    known = model.names or frozenset()
    found = {}
    for item in domain.split("test"):
        names = {name for hashed, name in hashed_names(domain, item).items() if hashed in known}
        if names:
            found[item.id] = names
    return found


def _evaluate(
    model: TrainedModel,
    domains: Sequence[OpenDomain],
    shared: Mapping[str, Container[str]],
    workers: Workers,
    reporter: Reporter,
) -> Evaluation:
    with _places() as places:
        pool = _pools(model.recipe, domains, ("test",), places, workers, reporter, model, shared)["test"]
        scores = model.score_view(pool.view, pool.rows)
    probabilities = model.calibration.probabilities(scores)
    n_classes = len(model.recipe.classes)
    return Evaluation(
        ", ".join(domain.name for domain in domains),
        len(pool.labels),
        len(pool.table),
        _numbers(pool.labels, scores, probabilities, pool.groups, model.threshold),
        confusion_matrix(pool.labels, probabilities.argmax(axis=1), n_classes) if n_classes > 2 else None,
        with_scores(pool.table, probabilities.max(axis=1) if n_classes > 2 else scores[:, 0]),
        tuple(problem for problem in pool.problems if problem[3] != SHARED),
        sum(problem[3] == SHARED for problem in pool.problems),
        _splits_and_facts(domains),
        tuple(name for label, name in enumerate(LABEL_NAMES) if n_classes == 2 and label not in pool.labels),
    )


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


def model_document(model: TrainedModel, folder: Path, start: float) -> RunDocument:
    """Document of a trained model: parameters, validation numbers, and the folder as an MLflow model."""
    recipe = model.recipe
    params = {
        "detector": recipe.detector.label,
        "task": recipe.task,
        "train": ", ".join(recipe.train),
        "band": str(recipe.band),
        "crop": str(recipe.crop.side),
        "seed": str(recipe.seed),
        **{f"view.{name}": str(value) for name, value in model.view.options.items() if name in ENCODER_FACTS},
        **_data_params(model.data),
    }
    name = f"train {recipe.label}"
    return RunDocument(
        key=digest([name, params, start]),
        kind="model",
        name=name,
        study=MODELS,
        study_key=MODELS,
        start=start,
        end=time.time(),
        params=params,
        metrics={f"val_{k}": float(v) for k, v in model.validation.items()},
        series=member_series(model.classifier.members),
        model=str(folder),
    )


def evaluation_document(model: TrainedModel, found: Evaluation, start: float, place: Path) -> RunDocument:
    """Document of a trained model on a test domain; its score file and picture are written below `place`."""
    recipe = model.recipe
    params = {
        "detector": recipe.detector.label,
        "task": recipe.task,
        "train": ", ".join(recipe.train),
        "test": found.domain,
        **_data_params({**found.data, "dropped_leaks": {"test": found.n_dropped}}),
    }
    name = f"evaluate {recipe.label} on {found.domain}"
    numbers = {**found.numbers, "coverage": found.n / found.n_items}
    key = digest([name, params, start])
    write_table(place / key / "scores.parquet", found.scores)
    if found.confusion is not None:
        from ..figures.plots import save_confusion

        save_confusion(place / key / "confusion.png", found.confusion, recipe.classes, recipe.label)
    return RunDocument(
        key=key,
        kind="evaluation",
        name=name,
        study=MODELS,
        study_key=MODELS,
        start=start,
        end=time.time(),
        params=params,
        metrics=numbers,
        artifacts=str(place / key),
    )


def _data_params(data: Mapping[str, Any]) -> dict[str, str]:
    """What the pictures were, as parameters of an MLflow run."""
    dropped = {f"dropped_leaks.{split}": str(n) for split, n in data.get("dropped_leaks", {}).items()}
    facts = {
        f"data.{name}.{key}": fact_text(value) for name, known in data.get("data", {}).items() for key, value in known.items()
    }
    splits = data.get("splits", {})
    return {"splits": digest(splits)[:SHORT] if splits else "", **dropped, **facts}


class _places(tempfile.TemporaryDirectory):
    """Cache and a scratch folder that is deleted when the block ends."""

    def __init__(self) -> None:
        self._cache = ensure_writable(cache_root(), "BANDBENCH_CACHE")
        super().__init__(prefix="scratch-", dir=self._cache)

    def __enter__(self) -> Places:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Places(str(self._cache), super().__enter__(), "")


def _pools(
    recipe: Recipe,
    domains: Sequence[OpenDomain],
    splits: tuple[str, ...],
    places: Places,
    workers: Workers,
    reporter: Reporter,
    model: TrainedModel | None = None,
    shared: Mapping[str, Container[str]] | None = None,
) -> dict[str, Pool]:
    """Prepare domains and pool them; with a model, what it has seen is refused, and `shared` items by domain."""
    view = recipe.detector.build().view
    tasks = {domain.name: chunk_tasks(domain, splits, recipe.crop, [view], places) for domain in domains}
    chunks = prepare_chunks([task for mine in tasks.values() for task in mine], workers, reporter)
    taken: dict[str, str] = {}
    pools = {}
    for split in splits:
        parts = []
        for domain in domains:
            mine = tasks[domain.name]
            made = [chunks[task_key(task)] for task in mine]
            outcome = without_copies(outcomes(domain, split, mine, made), taken)
            if shared:
                outcome = without_items(outcome, shared[domain.name], SHARED)
            if model is not None:
                learned = [content for content in outcome.contents if model.has_seen(content)]
                outcome = without_copies(outcome, dict.fromkeys(learned, "those that the model has learned from"))
            parts.append((outcome, item_set(domain, split, outcome, mine, made)))
        pools[split] = _pool(recipe, view, parts)
        taken |= dict.fromkeys(pools[split].contents, f"the {split} pictures")
    return pools


def _pool(recipe: Recipe, view: ViewSpec, parts: Sequence[tuple[Outcomes, ItemSet]]) -> Pool:
    """Put domains together; of pictures that several have (reals, mostly), the first is taken."""
    seen: set[str] = set()
    views: list[View] = []
    rows, labels, contents, tables, problems = [], [], [], [], []
    n = 0
    for outcome, items in parts:
        mine = [content for content, status in zip(outcome.contents, outcome.statuses, strict=True) if status == OK]
        new = np.array([content not in seen for content in mine])
        seen.update(mine)
        loaded, crop_rows = load_view(items, view, recipe.band)
        kept = new[crop_rows]
        position = n + np.cumsum(new) - 1
        views.append(loaded if kept.all() else loaded[kept])
        rows.append(position[crop_rows[kept]])
        table = pq.read_table(items.table)
        fake = item_labels(table)[new]
        labels.append(fake * (recipe.classes.index(generator_of(items.domain)) if len(recipe.classes) > 2 else 1))
        contents += [content for content, first in zip(mine, new, strict=True) if first]
        listed = np.ones(len(table), dtype=bool)
        listed[ok_rows(table)] = new
        tables.append(table.filter(pa.array(listed)))
        problems += [(items.domain, *problem) for problem in items.problems]
        n += int(new.sum())
    values = views[0].values if len(views) == 1 else np.concatenate([part.values for part in views])
    whole = View(values, views[0].frequency)
    whole.values.setflags(write=False)
    table = pa.concat_tables(tables)
    groups = np.asarray(table.column("group").to_numpy(zero_copy_only=False))[ok_rows(table)].astype(str)
    return Pool(whole, np.concatenate(rows), np.concatenate(labels), tuple(contents), groups, table, tuple(problems))
