"""Call detectors with their contract checked; save and load fitted ones without pickle."""

import contextlib
import importlib
import io
import json
import math
import pkgutil
import re
import sys
import traceback
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import row_blocks
from .contracts import LABEL_NAMES, REAL, Detector, Features, FitsGroups, ManyClasses
from .errors import PLUGIN_FAILURES, NotFiniteError, PluginError, text_of
from .registry import check_parameters
from .store.files import write_arrays, write_json
from .store.foreign import ForeignFolder

# Ours, in code: an allow-list read from the model's own files would trust whoever made them.
TRUSTED_TYPES: tuple[str, ...] = ()
LEARNED = re.compile(r"[A-Za-z]\w{0,98}_")  # names of attributes that `fit` sets
MOST_UNPACKED = 2**31  # bytes of an archive of an estimator
MOST_ENTRIES = 100_000
MOST_LENGTH = 2**31  # numbers of one crop
MOST_REASON = 400  # characters of an error that a message quotes


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
        raise NotFiniteError(f"{detector.name}.score returned {int((~np.isfinite(scores)).sum())} scores that are not finite.")
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
    if scores.shape != (len(view), n_classes):
        raise PluginError(
            f"{detector.name}.class_scores must return float64 ({len(view)}, {n_classes}), got shape {scores.shape}."
        )
    if not np.isfinite(scores).all():
        raise NotFiniteError(f"{detector.name}.class_scores returned {int((~np.isfinite(scores)).sum())} that are not finite.")
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
    if not all(np.isfinite(view.values[rows]).all() for rows in row_blocks(view.values)):
        raise NotFiniteError(f"{detector.name} was handed a view with values that are not finite.")


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


def _load_estimator(files: ForeignFolder, name: str) -> Any:
    """Load an estimator of scikit-learn from an archive of skops that does not unpack to more than `MOST_UNPACKED` bytes."""
    data = files.read(name)
    try:
        _require_unpacked(data)
        return import_skops().loads(data, trusted=list(TRUSTED_TYPES))
    except Exception as error:  # skops builds objects from what the archive says, and fails as they do
        raise ValueError(f"{name}: {type(error).__name__}: {error}") from error


def _require_unpacked(data: bytes, n_bytes: int = 0) -> int:
    """Return the bytes of what is in an archive, archives of arrays (.npz) in it included, and refuse too many of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        n_bytes += sum(entry.file_size for entry in entries)
        if n_bytes > MOST_UNPACKED or len(entries) > MOST_ENTRIES:
            raise ValueError(f"unpacks to more than {MOST_UNPACKED / 2**30:.0f} GiB or {MOST_ENTRIES} files")
        for entry in entries:
            if entry.filename.endswith(".npz"):
                n_bytes = _require_unpacked(archive.read(entry), n_bytes)
    return n_bytes


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
    files = ForeignFolder(folder)
    try:
        meta = _stated(files.read_json("detector.json"))
        if meta["name"] != plugin.name:
            raise PluginError(f"the model in {folder} is a '{short(meta['name'])}', not a '{plugin.name}'.")
        _require_parameters(plugin, meta["parameters"])
        detector = plugin(**meta["parameters"])
        learned = {**meta["values"], **_unflattened(files.read_arrays("arrays.safetensors"))}
        learned |= {name: _load_estimator(files, f"{name}.skops") for name in meta["estimators"]}
        if strange := next((name for name in learned if not LEARNED.fullmatch(name)), ""):
            raise ValueError(f"{short(strange)!r} is no name of what a detector learns")
    except PluginError:
        raise
    except PLUGIN_FAILURES as error:  # a constructor may fail in any way, and so may the libraries on damaged files
        raise PluginError(damaged(folder, error)) from error
    vars(detector).update(learned)
    detector.__dict__["_fitted_shape"] = tuple(meta["shape"])
    _ = detector.view  # a detector that rests on something outside the folder says now if that is gone
    return detector


def _stated(value: Any) -> dict[str, Any]:
    """Check the types of the entries of a ``detector.json``."""
    wanted = {"name": str, "parameters": dict, "values": dict, "estimators": list, "shape": list}
    if not isinstance(value, dict):
        raise ValueError("detector.json is no object")
    for key, type_ in wanted.items():
        if not isinstance(value.get(key), type_):
            raise ValueError(f"detector.json: {key} is missing, or no {type_.__name__}")
    if not all(isinstance(name, str) and LEARNED.fullmatch(name) for name in value["estimators"]):
        raise ValueError("detector.json: estimators are not named like what a detector learns")
    if not all(type(n) is int and 0 < n <= MOST_LENGTH for n in value["shape"]) or math.prod(value["shape"]) > MOST_LENGTH:
        raise ValueError("detector.json: shape is none of crops")
    return value


def _require_parameters(plugin: type[Detector], parameters: dict[str, Any]) -> None:
    try:
        check_parameters(plugin, parameters, f"detector {plugin.name}")
    except PluginError as error:  # nothing that a user has typed
        raise ValueError(f"detector.json: {error}") from error


def damaged(folder: Path, error: BaseException) -> str:
    """Build the message for a model folder that cannot be loaded."""
    reason = " ".join((getattr(error, "strerror", None) or text_of(error)).split()).rstrip(".") or "no reason given"
    kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
    return f"the model in {folder} is damaged: {kind}{short(reason, MOST_REASON)}; train it again."


def short(value: object, most: int = 80) -> str:
    """Return the text of a value, cut off if it is long."""
    text = str(value)
    return text if len(text) <= most else f"{text[:most]}…"


def failure(label: str, error: BaseException) -> str:
    """Build the message for an exception of a detector, with its file and line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{label} failed: {type(error).__name__}: {text_of(error)} ({Path(frame.filename).name}:{frame.lineno})"
