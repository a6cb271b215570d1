"""The contract of a detector, one check per promise."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray
from PIL import Image

from ..contracts import Detector, Features, ViewSpec
from ..errors import PLUGIN_FAILURES, PluginError, text_of
from ..fitted import fit_detector, load_detector, save_detector, score_detector
from ..frequency.bands import Band
from ..metrics.digits import auc_text
from ..metrics.roc import roc_auc
from ..registry import DetectorSpec
from ..views import view_kernel
from .outcome import CheckResult, outcome, require

N_TRAIN, N_TEST, SIDE = 60, 30, 64  # per class
INVERTED = 0.35  # a coin flip stays above this on 60 crops, an inverted detector does not
PICKLE_OPCODES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True)
class Problem:
    """
    An easy task: fakes have four times the power between 0.2 and 0.3 cycles/pixel.

    For a detector that learns from reals alone their middle is blurred instead.
    """

    train: Features
    train_labels: NDArray[np.int64]
    test: Features
    test_labels: NDArray[np.int64]


def _crops(n: int, seed: int, colour: bool, pasted: bool) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """`n` real and `n` fake crops of 1/f noise, mixed."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1], n)).astype(np.int64)
    radius = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None, :])
    gain = 1 / np.maximum(radius, 1 / SIDE)
    boost = np.where((radius >= 0.2) & (radius <= 0.3) & (not pasted), 2.0, 1.0)
    amplitude = np.where(labels[:, None, None] == 1, gain * boost, gain)
    fields = np.fft.ifft2(np.fft.fft2(rng.standard_normal((2 * n, SIDE, SIDE))) * amplitude).real
    grey = np.clip(np.rint(128 + 30 * fields / fields.std(axis=(1, 2), keepdims=True)), 0, 255).astype(np.uint8)
    crops = np.repeat(grey[..., None], 3, axis=-1) if colour else grey
    if pasted:
        for row in np.flatnonzero(labels):
            crops[row] = with_blurred_middle(crops[row])
    return crops, labels


def with_blurred_middle(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Halve the resolution of the middle of a crop, as of a pasted face."""
    middle = (slice(SIDE // 4, SIDE - SIDE // 4),) * 2
    face, changed = Image.fromarray(crop[middle]), crop.copy()
    changed[middle] = np.asarray(face.reduce(2).resize(face.size, Image.Resampling.BILINEAR))
    return changed


@lru_cache(maxsize=8)
def _problem(name: str, options: str, pasted: bool) -> Problem:
    kernel = view_kernel(ViewSpec(name, json.loads(options)))
    parts = []
    for n, seed in ((N_TRAIN, 1), (N_TEST, 2)):
        crops, labels = _crops(n, seed, kernel.colour, pasted)
        view = kernel.features(kernel.base(crops), (SIDE, SIDE), Band())
        view.values.setflags(write=False)
        labels.setflags(write=False)
        parts += [view, labels]
    return Problem(*parts)


def _problem_for(detector: Detector) -> Problem:
    return _problem(detector.view.name, json.dumps(dict(detector.view.options)), detector.learns_from == "real")


@cached(LRUCache(4), key=lambda spec: (spec.plugin, spec.preset, json.dumps(spec.params, sort_keys=True)))
def _fitted(spec: DetectorSpec) -> tuple[Detector, Problem]:
    """Fit once for all checks that only look at the outcome."""
    return _freshly_fitted(spec)


def _freshly_fitted(spec: DetectorSpec) -> tuple[Detector, Problem]:
    detector = spec.build()
    problem = _problem_for(detector)
    return fit_detector(detector, problem.train, problem.train_labels), problem


# --- the checks ------------------------------------------------------------------------------------------------------


def constructor_only_stores(spec: DetectorSpec) -> str:
    """Every parameter has a default and becomes an attribute of its name, unchanged; nothing else is set."""
    plugin = spec.plugin
    defaults = plugin.parameter_defaults()
    built = plugin()
    for name, default in defaults.items():
        require(hasattr(built, name), f"parameter '{name}' is not stored as an attribute of that name")
        require(getattr(built, name) is default, f"attribute '{name}' is {getattr(built, name)!r}, given was {default!r}")
    extra = set(vars(built)) - set(defaults)
    require(not extra, f"the constructor also sets {', '.join(sorted(extra))}; it should only store its arguments")
    return f"{len(defaults)} parameters"


def parameters_round_trip(spec: DetectorSpec) -> str:
    """A detector made from `parameters()` has the same; they survive JSON; every preset can be made."""
    plugin, built = spec.plugin, spec.build()
    text = json.dumps(built.parameters())
    again = plugin(**json.loads(text))
    require(json.dumps(again.parameters()) == text, f"parameters {text} come back as {again.parameters()}")
    for preset in plugin.presets:
        DetectorSpec(spec.reference, preset).build()
    return f"presets: {', '.join(plugin.presets) or 'none'}"


def seed_is_a_parameter(spec: DetectorSpec) -> str:
    """A stochastic detector takes a `seed`."""
    plugin = spec.plugin
    if plugin.stochastic:
        require("seed" in plugin.parameter_defaults(), "`stochastic` is true, so the constructor needs a parameter `seed`")
    return "stochastic" if plugin.stochastic else "not stochastic"


def view_is_known(spec: DetectorSpec) -> str:
    """The engine can compute the view that the detector wants."""
    detector = spec.build()
    return f"{detector.view.name}, crops become {_problem_for(detector).train.values.shape[1:]}"


def fit_returns_self(spec: DetectorSpec) -> str:
    """`fit` returns the detector, and what it learned is in attributes that end in ``_``."""
    detector = spec.build()
    before, problem = set(vars(detector)), _problem_for(detector)
    returned = detector.fit(problem.train, problem.train_labels)
    require(returned is detector, f"fit returned {returned!r}, wanted the detector itself")
    odd = sorted(name for name in set(vars(detector)) - before if not name.endswith("_"))
    require(not odd, f"fit sets {', '.join(odd)}; what is learned ends in '_'")
    return ", ".join(sorted(detector.learned())) or "nothing learned"


def parameters_survive_fit(spec: DetectorSpec) -> None:
    """`fit` changes no parameter."""
    before = json.dumps(spec.build().parameters())
    after = json.dumps(_fitted(spec)[0].parameters())
    require(before == after, f"fit changed the parameters from {before} to {after}")


def scores_are_finite_float64(spec: DetectorSpec) -> str:
    """One finite float64 per crop."""
    detector, problem = _fitted(spec)
    scores = score_detector(detector, problem.test)
    return f"{len(scores)} scores from {scores.min():.3g} to {scores.max():.3g}"


def higher_is_more_fake(spec: DetectorSpec) -> str:
    """Fakes that differ plainly from reals do not score below them."""
    if spec.plugin.control:
        return "a control, which need not learn"
    detector, problem = _fitted(spec)
    auc = roc_auc(problem.test_labels, score_detector(detector, problem.test))
    require(
        auc >= INVERTED, f"AUC {auc_text(auc)} on an easy task: the score seems to be inverted (fake is 1, higher is more fake)"
    )
    return f"AUC {auc_text(auc)} on an easy task"


def fit_is_deterministic(spec: DetectorSpec) -> None:
    """Two fits with one seed give the same scores, to the last bit."""
    scores = [score_detector(detector, problem.test) for detector, problem in (_fitted(spec), _freshly_fitted(spec))]
    difference = np.abs(scores[0] - scores[1]).max()
    require(difference == 0, f"two fits with the same seed differ by up to {difference:.3g}")


def order_does_not_matter(spec: DetectorSpec) -> None:
    """Permuted crops get permuted scores."""
    detector, problem = _fitted(spec)
    order = np.random.default_rng(0).permutation(len(problem.test))
    _require_close(score_detector(detector, problem.test)[order], score_detector(detector, problem.test[order]), "permuted")


def batches_do_not_matter(spec: DetectorSpec) -> None:
    """A crop's score does not depend on the crops that it comes with."""
    detector, problem = _fitted(spec)
    together, middle = score_detector(detector, problem.test), len(problem.test) // 3
    halves = [score_detector(detector, problem.test[part]) for part in (slice(0, middle), slice(middle, None))]
    _require_close(together, np.concatenate(halves), "scored in two batches")
    _require_close(together[:1], score_detector(detector, problem.test[:1]), "scored alone")


def _require_close(wanted: NDArray, came: NDArray, how: str) -> None:
    difference = np.abs(wanted - came).max()
    limit = 1e-9 * max(1.0, np.abs(wanted).max())
    require(difference <= limit, f"scores change by up to {difference:.3g} when the crops are {how}")


def inputs_are_left_alone(spec: DetectorSpec) -> None:
    """Neither `fit` nor `score` writes into what it is handed."""
    detector = spec.build()
    problem = _problem_for(detector)
    train, labels = Features(problem.train.values.copy(), problem.train.frequency), problem.train_labels.copy()
    test = Features(problem.test.values.copy(), problem.test.frequency)
    detector.fit(train, labels)
    detector.score(test)
    for name, handed, original in (
        ("the training view", train.values, problem.train.values),
        ("the labels", labels, problem.train_labels),
        ("the scored view", test.values, problem.test.values),
    ):
        require(np.array_equal(handed, original), f"{name} was changed in place; copy before you write")


def saved_model_scores_alike(spec: DetectorSpec) -> str:
    """A saved and loaded model gives the same scores, and no file of it is a pickle."""
    detector, problem = _fitted(spec)
    with tempfile.TemporaryDirectory() as folder:
        save_detector(detector, Path(folder))
        files = sorted(path for path in Path(folder).iterdir())
        for path in files:
            require(not path.read_bytes().startswith(PICKLE_OPCODES), f"{path.name} is a pickle")
        loaded = load_detector(type(detector), Path(folder))
        came = score_detector(loaded, problem.test)
    difference = np.abs(came - score_detector(detector, problem.test)).max()
    require(difference == 0, f"scores differ by up to {difference:.3g} after saving and loading")
    return ", ".join(path.name for path in files)


def impossible_input_is_refused(spec: DetectorSpec) -> str:
    """One class, values that are not finite, another shape, scoring before fitting: a message, never a score."""
    detector, problem = _fitted(spec)
    _require_scored(detector, problem.test)
    one_class = problem.train[problem.train_labels == 1]
    cases: dict[str, Callable[[], object]] = {
        "one class only": lambda: fit_detector(spec.build(), one_class, np.ones(len(one_class), np.int64)),
        "scoring before fitting": lambda: score_detector(spec.build(), problem.test),
        "another number of features": lambda: score_detector(detector, Features(problem.test.values[:, :-1])),
    }
    if problem.test.values.dtype.kind == "f":
        broken = problem.test.values.copy()
        broken.flat[0] = np.nan
        cases["a NaN in the view"] = lambda: score_detector(detector, Features(broken, problem.test.frequency))
    for name, case in cases.items():
        try:
            case()
        except PluginError:
            continue
        require(False, f"{name} is not refused")
    return ", ".join(cases)


def _require_scored(detector: Detector, view: Features) -> None:
    """Require scores of possible input: the refusals of a detector that cannot score at all show nothing."""
    try:
        score_detector(detector, view)
    except PLUGIN_FAILURES as error:
        reason = f"{type(error).__name__}: {text_of(error)}"
        require(False, f"possible input is to be scored, and is refused like impossible input ({reason}); correct score first")


DETECTOR_CHECKS: dict[str, Callable[[DetectorSpec], str | None]] = {
    check.__name__: check
    for check in (
        constructor_only_stores,
        parameters_round_trip,
        seed_is_a_parameter,
        view_is_known,
        fit_returns_self,
        parameters_survive_fit,
        scores_are_finite_float64,
        higher_is_more_fake,
        fit_is_deterministic,
        order_does_not_matter,
        batches_do_not_matter,
        inputs_are_left_alone,
        saved_model_scores_alike,
        impossible_input_is_refused,
    )
}


def run_detector_check(name: str, spec: DetectorSpec) -> CheckResult:
    """Run one check by name."""
    return outcome(name, DETECTOR_CHECKS[name], spec)


def check_detector(spec: DetectorSpec) -> list[CheckResult]:
    """Run all checks; a failure of one does not keep the others from running."""
    return [run_detector_check(name, spec) for name in DETECTOR_CHECKS]
