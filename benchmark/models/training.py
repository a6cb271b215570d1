"""Train a detector on domains and calibrate it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..domains.catalogue import Catalogue, OpenDomain, framing_of
from ..domains.guard import guard, same_data
from ..domains.names import unperturbed
from ..domains.seen import Learned, content_name, fitted_names
from ..errors import DataError
from ..features.item_sets import ItemStatuses
from ..features.lookalike_leaks import DrawnAnew, looks_between, with_datasets
from ..features.prepare import PreparedDomain, Request, scratch_places
from ..metrics.calibration import Calibration, ambiguous_stretch
from ..metrics.roc import Scored
from ..pictures.audit import audit, join
from ..reporting import Reporter
from ..results.scores import frame_clips
from ..views import require_comb, require_view
from ..workers import Workers
from .attribution import Classifier, attribution_metrics, generator_of
from .check_calibration import LabelledCrops, with_check
from .pools import Pool, pools_of, prepare_for, splits_and_facts
from .recipe import Recipe
from .trained_model import TrainedModel, fitted, require_classes

FITTED = ("train", "val")  # splits that a model learns from


def train_model(
    recipe: Recipe,
    catalogue: Catalogue,
    workers: Workers,
    reporter: Reporter,
    drop: bool = False,
    allow_lookalikes: bool = False,
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
    allow_lookalikes : bool
        Neither draw the splits again nor leave pictures out where many look like ones of another split.

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
    require_view(recipe.detector.label, recipe.detector.build().view, recipe.crop.side)
    recipe.detector.build().require_side(recipe.crop.side)
    require_comb(recipe.detector.label, recipe.detector.build().view, recipe.band, recipe.crop.side)
    listed = [catalogue.domain(name, recipe.seed) for name in recipe.train]
    require_listed(recipe, listed)
    domains, dropped = guard(listed, drop)
    with scratch_places() as places:

        def prepare(domains: Sequence[OpenDomain], splits: tuple[str, ...] = FITTED) -> list[PreparedDomain]:
            return prepare_for(recipe, [Request(domain, (splits,)) for domain in domains], places, workers, reporter)

        prepared = prepare(domains)
        anew = (
            []
            if allow_lookalikes
            else looks_between(domains, _statuses(prepared), lambda domain: prepare([domain], ("test",))[0].statuses("test"))
        )
        if anew:
            for drawn in anew:
                reporter.note(drawn.sentence)
            listed = _with_anew(listed, anew)
            require_listed(recipe, listed)
            domains, dropped = guard(listed, drop)
            prepared = prepare(domains)
        pools = pools_of(recipe, prepared, FITTED, reporter, apart=not allow_lookalikes)
        train, val = pools["train"], pools["val"]
        require_classes(val.labels, recipe.classes)
        n_classes = len(recipe.classes)
        plugin = recipe.detector.plugin
        members = [recipe.detector.build(recipe.seed) for _ in range(Classifier.n_members(plugin, n_classes))]
        reporter.stage(f"fitting {recipe.label} on {len(train.labels)} pictures", None)
        classifier, scores = fitted(
            recipe.label, members, n_classes, (train.view, train.labels[train.rows]), (val.view, val.rows)
        )
        reporter.stage("auditing files", None)
        audited = audit(join([train.files, val.files]))
        seen = frozenset(content_name(content) for content in (*train.contents, *val.contents))
        looks = frozenset(look for split in FITTED for look in pools[split].looks)
        learned = Learned(seen, fitted_names(domains), looks)
        shortcut = audited.shortcut.to_json() if audited else None
        data = {**splits_and_facts(domains), "dropped_leaks": dropped, "shortcut": shortcut}
        if n_classes == 2:
            scored = Scored(val.labels, scores[:, 0], val.groups)
            clips = frame_clips(val.table)
            model = TrainedModel.calibrated(recipe, classifier, scored, len(train.labels), learned, data, clips)
        else:
            model = _attributing(recipe, classifier, val.labels, scores, len(train.labels), learned, data)
        reporter.stage("calibrating the out-of-domain check", None)
        model = with_check(recipe.label, model, _labelled_crops(train, model.colour), _labelled_crops(val, model.colour))
    return replace(model, framing=framing_of(domains)), (*train.problems, *val.problems)


def _statuses(prepared: Sequence[PreparedDomain]) -> dict[tuple[str, str], ItemStatuses]:
    return {(part.domain.name, split): part.statuses(split) for part in prepared for split in part.request.splits}


def _with_anew(domains: Sequence[OpenDomain], anew: Sequence[DrawnAnew]) -> list[OpenDomain]:
    """Return the domains with the splits of some data sets drawn again."""
    datasets = {
        unperturbed(domain.name): drawn.dataset for domain in domains for drawn in anew if same_data(domain, drawn.domain)
    }
    replaced = with_datasets({(domain.name, domain.replicate): domain for domain in domains}, datasets)
    return [replaced[domain.name, domain.replicate] for domain in domains]


def _labelled_crops(pool: Pool, colour: bool) -> LabelledCrops:
    return LabelledCrops(pool.iter_crops(colour), pool.labels, pool.domains)


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
        of_class = [domain for domain in domains if len(recipe.classes) == 2 or not fake or generator_of(domain.name) == name]
        for split in ("train", "val"):
            needless = split == "train" and fake and recipe.detector.plugin.learns_from == "real"
            if needless or any(item.split == split and item.label == fake for domain in of_class for item in domain.items):
                continue
            why = "; a model that is kept is calibrated on validation pictures of every class" if split == "val" else ""
            raise DataError(
                f"{', '.join(domain.name for domain in of_class)}: no {name} {words[split]} picture{why}. {of_class[0].remedy}"
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
    return TrainedModel(
        recipe, classifier, calibration, unsure, float("nan"), numbers, learned.seen, learned.names, data, looks=learned.looks
    )
