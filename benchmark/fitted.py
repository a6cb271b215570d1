"""Call detectors with their contract checked; save and load fitted ones without pickle."""

import contextlib
import importlib
import json
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .contracts import LABEL_NAMES, REAL, Detector, Features, FitsGroups, ManyClasses
from .errors import PluginError
from .store.files import write_arrays, write_json

# Ours, in code: an allow-list read from the model's own files would trust whoever made them.
TRUSTED_TYPES: tuple[str, ...] = ()


def fit_detector(
    detector: Detector, view: Features, labels: NDArray[np.int64], n_classes: int = 2, groups: NDArray | None = None
) -> Detector:
    """
    Fit a detector, after a check of its input.

    Parameters
    ----------
    detector : Detector
    view : Features of n_crops
    labels : array of int64 (n_crops,)
    n_classes : int
        More than two for a detector with `class_scores`.
    groups : array of str (n_crops,), optional
        For a detector that `FitsGroups`.

    Raises
    ------
    PluginError
        If a class that it learns from is missing, lengths disagree, or the view holds values that are not finite.
    """
    if len(view) != len(labels):
        raise PluginError(f"{detector.name}.fit got {len(view)} crops and {len(labels)} labels.")
    for label in [REAL] if detector.learns_from == "real" else range(n_classes):
        if not (labels == label).any():
            missing = f"both classes, got no {LABEL_NAMES[label]}" if n_classes == 2 else f"all classes, got none of {label}"
            raise PluginError(f"{detector.name}.fit needs {missing} among {len(labels)} crops.")
    _require_finite(detector, view)
    if groups is not None and isinstance(detector, FitsGroups):
        detector.fit_groups(view, labels, groups)
    else:
        detector.fit(view, labels)
    detector.__dict__["_fitted_shape"] = view.values.shape[1:]
    return detector


def score_detector(detector: Detector, view: Features) -> NDArray[np.float64]:
    """
    Score crops and check the scores.

    Returns
    -------
    array of float64 (n_crops,), finite

    Raises
    ------
    PluginError
        If the view's shape is not the one that was fitted, or the scores are not one finite float per crop.
    """
    _require_fitting(detector, view)
    scores = np.asarray(detector.score(view))
    if scores.shape != (len(view),) or scores.dtype != np.float64:
        raise PluginError(f"{detector.name}.score must return float64 ({len(view)},), got {scores.dtype} {scores.shape}.")
    if not np.isfinite(scores).all():
        raise PluginError(f"{detector.name}.score returned {int((~np.isfinite(scores)).sum())} scores that are not finite.")
    return scores


def score_classes(detector: ManyClasses, view: Features, n_classes: int) -> NDArray[np.float64]:
    """
    Score crops for every class and check the scores.

    Returns
    -------
    array of float64 (n_crops, n_classes), finite

    Raises
    ------
    PluginError
        As `score_detector`.
    """
    assert isinstance(detector, Detector)
    _require_fitting(detector, view)
    scores = np.asarray(detector.class_scores(view), dtype=np.float64)
    if scores.shape != (len(view), n_classes) or not np.isfinite(scores).all():
        raise PluginError(
            f"{detector.name}.class_scores must return finite float64 ({len(view)}, {n_classes}), got shape {scores.shape}."
        )
    return scores


def _require_fitting(detector: Detector, view: Features) -> None:
    """Refuse a view that is not of the kind that was fitted."""
    fitted = detector.__dict__.get("_fitted_shape")
    if fitted is None:
        raise PluginError(f"{detector.name}.score was called before fit.")
    if view.values.shape[1:] != fitted:
        raise PluginError(f"{detector.name} was fitted on crops of shape {fitted}, got {view.values.shape[1:]}.")
    _require_finite(detector, view)


def _require_finite(detector: Detector, view: Features) -> None:
    if view.values.dtype.kind != "f":
        return
    # In parts: the answer for a view that lies in a file may itself be larger than memory.
    if not all(np.isfinite(view.values[start : start + 1024]).all() for start in range(0, len(view), 1024)):
        raise PluginError(f"{detector.name} was handed a view with values that are not finite.")


def save_detector(detector: Detector, folder: Path) -> None:
    """
    Save a fitted detector: ``detector.json`` (parameters and small values), ``arrays.safetensors``, ``*.skops``.

    Raises
    ------
    PluginError
        If something it learned has no safe form.
    """
    from sklearn.base import BaseEstimator

    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray] = {}
    values: dict[str, Any] = {}
    estimators: list[str] = []
    for name, value in detector.learned().items():
        if isinstance(value, np.ndarray):
            arrays[name] = np.ascontiguousarray(value)
        elif isinstance(value, dict) and value and all(isinstance(part, np.ndarray) for part in value.values()):
            arrays |= {f"{name}/{key}": np.ascontiguousarray(part) for key, part in value.items()}
        elif isinstance(value, BaseEstimator):
            import_skops().dump(value, folder / f"{name}.skops")
            estimators.append(name)
        else:
            try:
                values[name] = json.loads(json.dumps(value))
            except (TypeError, ValueError) as error:
                raise PluginError(
                    f"{detector.name}.{name} is a {type(value).__name__}; what fit learns must be arrays, dicts of arrays, "
                    f"numbers, strings, lists or scikit-learn estimators, which can be kept without pickle."
                ) from error
    write_arrays(folder / "arrays.safetensors", arrays)
    write_json(
        folder / "detector.json",
        {
            "name": detector.name,
            "version": detector.version,
            "parameters": detector.parameters(),
            "values": values,
            "estimators": estimators,
            "shape": list(detector.__dict__.get("_fitted_shape", ())),
        },
    )


def _unflattened(arrays: dict[str, NDArray]) -> dict[str, Any]:
    """Rebuild the dicts of arrays whose entries are named ``name/key``."""
    values: dict[str, Any] = {}
    for name, value in arrays.items():
        owner, _, key = name.partition("/")
        if key:
            values.setdefault(owner, {})[key] = value
        else:
            values[name] = value
    return values


def _load_estimator(path: Path) -> Any:
    io = import_skops()
    try:
        return io.load(path, trusted=list(TRUSTED_TYPES))
    except io.exceptions.UntrustedTypesFoundException as error:
        raise ValueError(str(error)) from error


def import_skops() -> ModuleType:
    """
    Import `skops.io`, which takes seconds that most detectors can do without, without torch, dask and jax.

    skops lists the estimators of scikit-learn when it is imported. That list, `sklearn.utils.all_estimators`, leaves out the
    libraries in `sklearn.externals`, but only after it has imported them, and these import every array library that is
    installed: 800 MB for torch. Here they are left out before, so the list is the same.
    """
    if "skops.io" not in sys.modules:
        with _without_externals():
            importlib.import_module("skops.io")
    return sys.modules["skops.io"]


@contextlib.contextmanager
def _without_externals() -> Iterator[None]:
    """Leave ``sklearn.externals`` out where packages are walked through."""
    all_modules = pkgutil.iter_modules

    def modules(path: Any = None, prefix: str = "") -> Iterator[pkgutil.ModuleInfo]:
        return (module for module in all_modules(path, prefix) if module.name != "sklearn.externals")

    pkgutil.iter_modules = modules
    try:
        yield
    finally:
        pkgutil.iter_modules = all_modules


def load_detector(plugin: type[Detector], folder: Path) -> Detector:
    """
    Load a detector that `save_detector` wrote; runs no code from the folder.

    Raises
    ------
    PluginError
        If the folder is damaged, belongs to another detector, or holds types that are not trusted; or what the detector needs
        besides the folder is gone.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        meta = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
        if meta["name"] != plugin.name:
            raise PluginError(f"the model in {folder} is a '{meta['name']}', not a '{plugin.name}'.")
        detector = plugin(**meta["parameters"])
        learned = {**meta["values"], **_unflattened(load_file(folder / "arrays.safetensors"))}
        learned |= {name: _load_estimator(folder / f"{name}.skops") for name in meta["estimators"]}
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise PluginError(f"the model in {folder} cannot be loaded: {type(error).__name__}: {error}") from error
    vars(detector).update(learned)
    detector.__dict__["_fitted_shape"] = tuple(meta["shape"])
    _ = detector.view  # a detector that rests on something outside the folder says now if that is gone
    return detector


def failure(label: str, error: Exception) -> str:
    """Build the message for an exception of a detector, with its file and line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{label} failed: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
