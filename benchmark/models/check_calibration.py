"""Learn the out-of-domain check of a model from its training and validation pictures."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import PLUGIN_FAILURES, BenchError, PluginError
from ..fitted import failure
from .domain_check import LIMIT, DomainCheck, Doubt, Measurements, reencode
from .spectrum_reference import Crops, Profiles, SpectrumReference, picture_profiles
from .trained_model import UNSURE, TrainedModel

# Of each kind from strong to mild: the strongest that validation verdicts survive is used. Resampling and noise are one kind: a
# detector of high frequencies does not survive the former, and a faint blur, which it survives, changes no verdict anywhere.
LADDERS = (
    ("jpeg:quality=90", "jpeg:quality=95", "jpeg:quality=98"),
    ("crop:share=0.05", "crop:share=0.02", "noise:sd=2", "noise:sd=1", "noise:sd=0.5"),
)
SHARE_OF_FLIPS = 0.01  # of pictures with either verdict, which a re-encoding may turn into another
MOST_REENCODED = 100  # validation pictures of a class that are re-encoded and scored


@dataclass(frozen=True, eq=False)
class LabelledCrops:
    """
    Crops of labelled pictures.

    Attributes
    ----------
    parts : iterable of (crops, rows)
        Crops of the kind that the model takes, and the picture that each shows; iterated once.
    labels : array of int64 (n_pictures,)
    domains : array of int (n_pictures,)
        Number of the training domain of each picture.
    """

    parts: Iterable[Crops]
    labels: NDArray[np.int64]
    domains: NDArray[np.intp]


def with_check(
    label: str, model: TrainedModel, train: LabelledCrops, val: LabelledCrops, n_reencoded: int = MOST_REENCODED
) -> TrainedModel:
    """
    Give a model its out-of-domain check.

    The limit of the spectra and the re-encodings are chosen so that few validation pictures fail them. The shares that fail all
    the same are added to the model's numbers: ``unsure``, and ``unsure_`` with each reason.

    Parameters
    ----------
    label : str
        For messages.
    model : TrainedModel
        Fitted and calibrated.
    train, val : LabelledCrops
    n_reencoded : int
        Most validation pictures of a class that are re-encoded and scored.

    Returns
    -------
    TrainedModel
        Without a check if there are too few pictures (see `SpectrumReference.learn`).

    Raises
    ------
    PluginError
        If the detector fails.
    """
    of_train, of_val = _profiles(train), _gathered(val, n_reencoded)
    reference = SpectrumReference.learn(model.recipe.crop.side, of_train, of_val.profiles)
    if reference is None:
        return model
    try:
        return _with_reencodings(model, reference, of_val)
    except BenchError:
        raise
    except PLUGIN_FAILURES as error:  # a plugin may fail in any way
        raise PluginError(failure(label, error)) from error


@dataclass(frozen=True, eq=False)
class _Gathered:
    """Profiles of all validation pictures, and the crops of those that are re-encoded, with their labels."""

    profiles: Profiles
    crops: NDArray[np.uint8]
    rows: NDArray[np.intp]
    labels: NDArray[np.int64]


def _profiles(pictures: LabelledCrops) -> Profiles:
    return Profiles(picture_profiles(pictures.parts, len(pictures.labels)), pictures.labels, pictures.domains)


def _gathered(pictures: LabelledCrops, n_reencoded: int) -> _Gathered:
    chosen = _spread(pictures.labels, n_reencoded)
    place = np.full(len(pictures.labels), -1)
    place[chosen] = np.arange(len(chosen))
    crops, rows = [], []

    def parts() -> Iterable[Crops]:
        for part, part_rows in pictures.parts:
            taken = place[part_rows] >= 0
            crops.append(part[taken])
            rows.append(place[part_rows[taken]])
            yield part, part_rows

    profiles = _profiles(replace(pictures, parts=parts()))
    return _Gathered(profiles, np.concatenate(crops), np.concatenate(rows), pictures.labels[chosen])


def _spread(labels: NDArray[np.int64], most: int) -> NDArray[np.intp]:
    """Return up to `most` pictures of each class, spread evenly over its list, in ascending order."""
    of_class = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.sort(np.concatenate([rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int)] for rows in of_class]))


def _with_reencodings(model: TrainedModel, reference: SpectrumReference, val: _Gathered) -> TrainedModel:
    """Choose of each ladder the first re-encoding that the verdicts survive, if there is one."""
    model = replace(model, check=DomainCheck(reference))
    plain = model.examine(val.crops, val.rows)
    verdicts = _verdicts(model, plain.probabilities[:, 0])
    sure = (verdicts != UNSURE) & (plain.distances <= LIMIT)
    before = model.margins(verdicts, plain.probabilities[:, 0])
    chosen: dict[str, NDArray[np.float64]] = {}
    for ladder in LADDERS:
        for chain in ladder:
            probabilities = model.examine(reencode(val.crops, chain), val.rows).probabilities[:, 0]
            after = model.margins(verdicts, probabilities)
            of_class = [sure & (verdicts == name) for name in np.unique(verdicts[sure])]
            if all(share_of_flips(before[rows], after[rows]) <= SHARE_OF_FLIPS for rows in of_class):
                chosen[chain] = probabilities
                break
    measurements = Measurements(np.stack([plain.probabilities[:, 0], *chosen.values()], axis=1), plain.distances)
    return replace(
        model, check=DomainCheck(reference, tuple(chosen)), validation=model.validation | _shares(model, measurements)
    )


def share_of_flips(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """
    Estimate the share of pictures whose verdict a re-encoding turns into another class.

    Parameters
    ----------
    before, after : arrays of float64 (n_pictures,)
        Margins (`TrainedModel.margins`) of the pictures as they are and re-encoded.

    Returns
    -------
    float
        The counted share, or the one to expect if every margin may change as that of any other picture did, normally
        distributed, whichever is larger: of 40 pictures none may have turned although one in twelve does.
    """
    from scipy.special import stdtr

    n, change = len(before), after - before
    counted, spread = float((after < 0).mean()), float(change.std(ddof=1)) if n > 1 else 0.0
    if spread == 0:
        return counted
    return max(counted, float(stdtr(n - 1, (-before - change.mean()) / (spread * math.sqrt(1 + 1 / n))).mean()))


def _verdicts(model: TrainedModel, probabilities: NDArray[np.float64]) -> NDArray[np.str_]:
    return np.array([model.verdict_of(row) for row in probabilities])


def _shares(model: TrainedModel, measurements: Measurements) -> dict[str, float]:
    """Return the shares of the pictures that are unsure, in total and by reason."""
    judgements = [
        model.judge(*of_picture) for of_picture in zip(measurements.probabilities, measurements.distances, strict=True)
    ]
    counts = Counter(judgement.doubt for judgement in judgements if judgement.doubt is not None)
    reasons = (Doubt.UNLIKE_TRAINING, Doubt.BETWEEN_CLASSES, Doubt.UNSTABLE)
    shares = {f"unsure_{reason.value}": counts[reason] / len(judgements) for reason in reasons}
    return {"unsure": counts.total() / len(judgements), **shares}
