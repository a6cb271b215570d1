"""Attribution of pictures to generators: any detector as a classifier of more than two classes, and its metrics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, Detector, Features, ManyClasses
from ..domains.names import DomainName
from ..errors import StudyError
from ..fitted import fit_detector, load_detector, save_detector, score_classes, score_detector
from ..metrics.roc import roc_auc
from .recipe import ATTRIBUTION


class Classifier:
    """
    A detector for any number of classes: its own `class_scores` where it has them, else one fit per class against the rest.

    Parameters
    ----------
    members : sequence of Detector
        One, or one per class; they are fitted in place.
    n_classes : int
    """

    def __init__(self, members: Sequence[Detector], n_classes: int) -> None:
        self.members = list(members)
        self.n_classes = n_classes

    @staticmethod
    def n_members(plugin: type[Detector], n_classes: int) -> int:
        """Return the number of detectors that a task needs: one, or one per class."""
        return 1 if n_classes == 2 or issubclass(plugin, ManyClasses) else n_classes

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Fit the members on crops.

        Parameters
        ----------
        view : Features of n_crops
        labels : array of int64 (n_crops,)
            0 to n_classes - 1, each of which occurs.
        """
        if len(self.members) == 1:
            fit_detector(self.members[0], view, labels, self.n_classes)
        else:
            for label, member in enumerate(self.members):
                fit_detector(member, view, (labels == label).astype(np.int64))
        return self

    def scores(self, view: Features) -> NDArray[np.float64]:
        """Score crops, (n_crops, n_classes); (n_crops, 1) for two classes, higher is more fake."""
        member = self.members[0]
        if self.n_classes > 2 and isinstance(member, ManyClasses):
            return score_classes(member, view, self.n_classes)
        return np.stack([score_detector(member, view) for member in self.members], axis=1)

    def save(self, folder: Path) -> None:
        """Write every member into a folder of its own."""
        for i, member in enumerate(self.members):
            save_detector(member, folder / f"detector-{i}")

    @classmethod
    def load(cls, plugin: type[Detector], folder: Path, n_classes: int) -> "Classifier":
        """Load the output of `save`; no code from the folder is run."""
        n = cls.n_members(plugin, n_classes)
        return cls([load_detector(plugin, folder / f"detector-{i}") for i in range(n)], n_classes)


def confusion_matrix(labels: NDArray[np.int64], decided: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Return the numbers of items by true class (rows) and predicted class (columns), (n_classes, n_classes)."""
    return np.bincount(labels * n_classes + decided, minlength=n_classes**2).reshape(n_classes, n_classes)


def attribution_metrics(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> dict[str, float]:
    """
    Compute the metrics of a task with several classes.

    Parameters
    ----------
    labels : array of int64 (n_items,)
    probabilities : array of float64 (n_items, n_classes)

    Returns
    -------
    dict
        ``balanced_accuracy``, mean recall of the classes that occur; ``macro_auc``, the mean over
        the classes that occur of the AUC of one class against the rest.
    """
    present = np.unique(labels)
    decided = probabilities.argmax(axis=1)
    return {
        "balanced_accuracy": float(np.mean([(decided[labels == k] == k).mean() for k in present])),
        "macro_auc": float(np.mean([roc_auc(labels == k, probabilities[:, k]) for k in present])),
    }


REAL_NAME = LABEL_NAMES[0]


def generator_of(domain: str) -> str:
    """Return the class of a domain's fakes: its variant and compression, or the data set if that is one domain."""
    name = DomainName.parse(domain)
    return name.part or name.dataset


def classes_of(task: str, domains: Sequence[str]) -> tuple[str, ...]:
    """
    Return the names of the classes by label.

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
