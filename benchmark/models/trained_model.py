"""
A detector that was trained and kept: a folder that scores pictures anywhere, without pickle and without the pictures.

The folder is an MLflow model too. It holds ``model.json`` (what was trained on what, and how scores become
probabilities), ``seen.txt`` (contents of the pictures that it has learned from), ``names.txt`` (their clips and identities),
``looks.txt`` (their perceptual hashes, of 64 bits each) and the fitted detectors. Contents and names are there as short
digests: a folder that is passed on names nobody.
"""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts import Detector, Features, Framing
from ..domains.seen import Learned, content_name
from ..errors import PLUGIN_FAILURES, BenchError, DataError, PluginError, StudyError, text_of, unknown_name
from ..fitted import damaged, failure, short
from ..invocation import bench
from ..metrics.calibration import Calibration, ambiguous_stretch
from ..metrics.clips import MAJORITY, ClipRule, Frames, clip_threshold
from ..metrics.detection import Verdicts, best_threshold
from ..metrics.intervals import auc_interval
from ..metrics.roc import Scored, roc_auc
from ..pictures.crops import cut, decode
from ..registry import DetectorSpec, check_parameters, detectors
from ..results.columns import measured
from ..results.scores import mean_per_item
from ..store.disk import disk_failure
from ..store.files import digest, dump_json, file_digest, write_json
from ..store.foreign import ForeignFolder
from ..views import features_from_crops, require_view, view_kernel
from ..workers import ONE_THREAD
from .attribution import Classifier
from .domain_check import LIMIT, DomainCheck, Doubt, Judgement, Measurements, reencode
from .model_file import MOST_BYTES as META_BYTES
from .model_file import ModelFile
from .recipe import Recipe
from .spectrum_reference import picture_profiles

FORMAT = 1
TRIAL = "import sys; from bandbench.benchmark.models.trial import main; sys.exit(main(*sys.argv[1:]))"
TRIAL_SECONDS = 300
META = "model.json"
MOST_COMPARED = 2**33  # bytes of all files whose digests are compared
DIGEST = "[0-9a-f]{8,64}"  # of the words in `SEEN` and `NAMES`
SEEN, NAMES, LOOKS = "seen.txt", "names.txt", "looks.txt"
UNSURE = "unsure"


def require_classes(labels: NDArray[np.int64], classes: Sequence[str]) -> None:
    """
    Refuse validation pictures that scores cannot be turned into probabilities with.

    Raises
    ------
    DataError
        Naming the first class that is missing.
    """
    for label, name in enumerate(classes):
        if label not in labels:
            raise DataError(
                f"a model that is kept is calibrated, which takes pictures of every class: no {name} validation picture."
            )


def detection_numbers(scored: Scored, probabilities: NDArray[np.float64], threshold: float) -> dict[str, float]:
    """All metrics of one item set, with the interval of its AUC and the Brier score of its probabilities (n_items, 2)."""
    interval = auc_interval([scored])
    brier = float(np.mean((probabilities[:, 1] - scored.labels) ** 2))
    auc = roc_auc(scored.labels, scored.scores)
    numbers = measured(Verdicts(scored.labels, scored.scores, threshold))
    return {"auc": auc, **numbers, "auc_lo": interval.low, "auc_hi": interval.high, "brier": brier}


def fitted(
    label: str,
    members: Sequence[Detector],
    n_classes: int,
    train: tuple[Features, NDArray[np.int64]],
    val: tuple[Features, NDArray[np.intp]],
) -> tuple[Classifier, NDArray[np.float64]]:
    """
    Fit a classifier and score validation pictures with it.

    Parameters
    ----------
    label : str
        For messages.
    members : sequence of Detector
    n_classes : int
    train : (Features, labels)
        Crops and the label of each.
    val : (Features, rows)
        Crops and the picture that each shows.

    Returns
    -------
    classifier : Classifier
    scores : array of float64 (n_pictures, n_columns)

    Raises
    ------
    BenchError
        If the detector fails.
    """
    try:
        classifier = Classifier(members, n_classes).fit(*train)
        return classifier, score_pictures_of(classifier, *val)
    except BenchError:
        raise
    except PLUGIN_FAILURES as error:  # a plugin may fail in any way
        raise disk_failure(error) or PluginError(failure(label, error)) from error


def score_pictures_of(classifier: Classifier, view: Features, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean score over the crops of each picture, (n_pictures, n_columns); `rows` says which picture a crop shows."""
    return np.stack([mean_per_item(column, rows) for column in classifier.scores(view).T], axis=1)


@dataclass(frozen=True)
class TrainedModel:
    """
    A fitted classifier and all that is needed to use it.

    Attributes
    ----------
    recipe : Recipe
    classifier : Classifier
    calibration : Calibration
    unsure : (low, high)
        See `ambiguous_stretch`.
    threshold : float
        Score with the best balanced accuracy on validation pictures; NaN for attribution.
    validation : dict
        Numbers on the validation pictures.
    seen : frozenset of str
        `content_name` of all pictures that it was trained, calibrated or validated on.
    names : frozenset of str, or None
        `hashed_name` of their clips and identities; None for a model that was kept before models knew them.
    data : dict
        What the pictures were, besides their domains: ``splits`` (digests of the split lists by domain),
        ``dropped_leaks`` (how many the guard left out, by split) and ``data`` (`Dataset.facts` by data set).
    framing : Framing
        What the pictures showed; unknown for a model that was kept before models knew it.
    clip_thresholds : dict of str to float
        By pooling rule, score from which a clip is called fake; empty where validation pictures are no frames of clips, and for
        a model that was kept before models knew them.
    looks : frozenset of int
        `perceptual_hash` of the pictures in `seen`, except computed ones; empty for a model that was kept before models knew
        them.
    check : DomainCheck, or None
        None for a model of very few pictures, and for one that was kept before models had a check.
    """

    recipe: Recipe
    classifier: Classifier
    calibration: Calibration
    unsure: tuple[float, float]
    threshold: float
    validation: dict[str, Any]
    seen: frozenset[str]
    names: frozenset[str] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    framing: Framing = field(default_factory=Framing)
    clip_thresholds: dict[str, float] = field(default_factory=dict)
    looks: frozenset[int] = frozenset()
    check: DomainCheck | None = None

    @classmethod
    def calibrated(
        cls,
        recipe: Recipe,
        classifier: Classifier,
        validation: Scored,
        n_train: int,
        learned: Learned,
        data: dict[str, Any],
        clips: NDArray | None = None,
    ) -> "TrainedModel":
        """
        Make a detection model of a fitted classifier.

        Parameters
        ----------
        recipe : Recipe
        classifier : Classifier
            Of two classes.
        validation : Scored
            Its validation pictures, scored.
        n_train : int
            Pictures.
        learned : Learned
        data : dict
        clips : array of str (n_pictures,), optional
            Clip of each validation picture (`frame_clips`). Clips whose frames have both labels give no thresholds of clips.
        """
        scores = validation.scores[:, None]
        calibration = Calibration.of(scores, validation.labels)
        probabilities = calibration.probabilities(scores)
        threshold = best_threshold(validation.labels, validation.scores)
        numbers = detection_numbers(validation, probabilities, threshold)
        counts = {"n_train": n_train, "n_validation": len(validation.labels)}
        unsure = ambiguous_stretch(probabilities, validation.labels)
        of_pictures = learned.seen, learned.names, data
        model = cls(recipe, classifier, calibration, unsure, threshold, counts | numbers, *of_pictures, looks=learned.looks)
        if clips is None:
            return model
        try:
            frames = Frames(validation, clips)
            thresholds = {rule.value: clip_threshold(frames, rule, threshold) for rule in ClipRule}
        except DataError:  # frames of one clip have both labels: such clips have no verdict, their frames have
            return model
        return replace(model, clip_thresholds=thresholds)

    def after(self, learned: Learned) -> "TrainedModel":
        """Return the model with other digests of what it has learned from."""
        return replace(self, seen=learned.seen, names=learned.names, looks=learned.looks)

    def clip_threshold(self, rule: ClipRule) -> float:
        """
        Return the score from which a clip is called fake.

        It is the threshold of frames if the model has none of clips and the rule is no vote.
        """
        return self.clip_thresholds.get(rule, MAJORITY if rule is ClipRule.VOTE else self.threshold)

    def has_seen(self, content: str) -> bool:
        """Return True if a picture with this content was trained or validated on."""
        return content_name(content) in self.seen

    def score_view(self, view: Features, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Score the pictures whose crops are given: see `score_pictures_of`."""
        return score_pictures_of(self.classifier, view, rows)

    def score_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """
        Score decoded pictures.

        Parameters
        ----------
        pictures : sequence of arrays of uint8 (rows, cols[, 3])
            In colour if the detector's view is (`colour`).

        Returns
        -------
        array of float64 (n_pictures, n_columns)

        Raises
        ------
        DataError
            If one is smaller than a crop.
        """
        return self.score_crops(*self._cut(pictures))

    def score_crops(self, crops: NDArray[np.uint8], rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Score the pictures whose crops (n_crops, side, side[, 3]) are given; `rows` says which picture a crop shows."""
        return self.score_view(features_from_crops(view_kernel(self.view), crops, self.recipe.band), rows)

    def _cut(self, pictures: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        windows = [cut(picture, self.recipe.crop) for picture in pictures]
        rows = np.repeat(np.arange(len(windows)), [len(w) for w in windows])
        return np.stack([crop for w in windows for crop in w]), rows

    def score_file(self, data: bytes) -> NDArray[np.float64]:
        """Score one picture file, (n_columns,)."""
        return self.score_pictures([decode(data, self.colour)])[0]

    def examine_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Measurements:
        """Measure what `judge` needs on decoded pictures; parameters and errors as in `score_pictures`."""
        return self.examine(*self._cut(pictures))

    def examine(self, crops: NDArray[np.uint8], rows: NDArray[np.intp]) -> Measurements:
        """
        Measure what `judge` needs on pictures whose crops are given.

        Parameters
        ----------
        crops : array of uint8 (n_crops, side, side[, 3])
        rows : array of int (n_crops,)
            Which picture each crop shows.
        """
        plain = self.calibration.probabilities(self.score_crops(crops, rows))
        n = len(plain)
        if self.check is None:
            return Measurements(plain[:, None], np.full(n, np.nan))
        distances = self.check.reference.distances(picture_profiles([(crops, rows)], n))
        versions = np.repeat(plain[:, None], 1 + len(self.check.reencodings), axis=1)
        # Where a picture has no verdict that could change, re-encodings only cost time.
        decided = np.array([not self.judge(*of_one).doubt for of_one in zip(plain[:, None], distances, strict=True)])
        chains = self.check.reencodings
        if decided.any() and chains:
            place = np.cumsum(decided) - 1  # of a decided picture among the others
            shown, of_shown = crops[decided[rows]], place[rows[decided[rows]]]
            # All re-encodings are scored together, those of one picture after the other's.
            again = np.concatenate([reencode(shown, chain) for chain in chains])
            pictures = np.concatenate([of_shown + k * decided.sum() for k in range(len(chains))])
            probabilities = self.calibration.probabilities(self.score_crops(again, pictures))
            versions[decided, 1:] = probabilities.reshape(len(chains), decided.sum(), -1).swapaxes(0, 1)
        return Measurements(versions, distances)

    def margins(self, verdicts: NDArray[np.str_], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Return the distances of probabilities from those at which a verdict turns into another class.

        Parameters
        ----------
        verdicts : array of str (n_pictures,)
            Classes, which may be those of other probabilities.
        probabilities : array of float64 (n_pictures, n_classes)

        Returns
        -------
        array of float64 (n_pictures,)
            In log odds; negative where the verdict has turned.
        """
        logs = np.log(np.maximum(probabilities, np.finfo(float).tiny))
        if len(self.recipe.classes) == 2:
            low, high = np.log(np.clip(self.unsure, 1e-12, 1 - 1e-12)) - np.log1p(-np.clip(self.unsure, 1e-12, 1 - 1e-12))
            odds = logs[:, 1] - logs[:, 0]
            return np.where(verdicts == self.recipe.classes[1], odds - low, high - odds)
        own = np.array(self.recipe.classes) == verdicts[:, None]
        return np.where(own, logs, -np.inf).max(axis=1) - np.where(own, -np.inf, logs).max(axis=1)

    def judge(self, probabilities: NDArray[np.float64], distance: float) -> Judgement:
        """
        Return the verdict on a picture or a clip.

        Parameters
        ----------
        probabilities : array of float64 (n_versions, n_classes)
            Of the picture as it is, then of its re-encodings.
        distance : float
            From the training spectra, as a multiple of the limit; NaN if it is not known.
        """
        if not np.isfinite(probabilities).all() or (self.check is not None and math.isnan(distance)):
            return Judgement(UNSURE, Doubt.NOT_A_NUMBER)
        if distance > LIMIT:
            return Judgement(UNSURE, Doubt.UNLIKE_TRAINING)
        verdict, *others = map(self.verdict_of, probabilities)
        if verdict == UNSURE:
            return Judgement(UNSURE, Doubt.BETWEEN_CLASSES)
        if any(other not in (verdict, UNSURE) for other in others):
            return Judgement(UNSURE, Doubt.UNSTABLE)
        return Judgement(verdict)

    def verdicts(self, scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[str]]:
        """Return probabilities (n_pictures, n_classes), and for each picture the name of its class or ``unsure``."""
        probabilities = self.calibration.probabilities(scores)
        return probabilities, [self.verdict_of(row) for row in probabilities]

    def verdict_of(self, probabilities: NDArray[np.float64]) -> str:
        """Return the name of the most probable class, or ``unsure``, for probabilities (n_classes,)."""
        low, high = self.unsure
        if not np.isfinite(probabilities).all():
            return UNSURE
        if len(self.recipe.classes) > 2:
            return UNSURE if probabilities.max() <= high else self.recipe.classes[int(probabilities.argmax())]
        if low <= probabilities[1] <= high:
            return UNSURE
        return self.recipe.classes[int(probabilities[1] > high)]

    @property
    def view(self) -> Any:
        """View of the detector."""
        return self.classifier.members[0].view

    @property
    def colour(self) -> bool:
        """True if pictures have to be decoded in colour."""
        return view_kernel(self.view).colour

    def save(self, folder: Path, describe: bool = True) -> None:
        """
        Write the folder, which must not exist or be empty.

        Parameters
        ----------
        folder : Path
        describe : bool
            Also make it an MLflow model (`add_mlflow_model`), for which MLflow has to be imported.

        Raises
        ------
        BenchError
            If there is something in it.
        """
        if folder.exists() and any(folder.iterdir()):
            raise BenchError(f"{folder} is not empty; name another folder for the model, or remove it.")
        self.classifier.save(folder)
        (folder / SEEN).write_text("\n".join(sorted(self.seen)) + "\n")
        if self.names is not None:
            (folder / NAMES).write_text("\n".join(sorted(self.names)) + "\n")
        if self.looks:
            (folder / LOOKS).write_text("\n".join(f"{look:016x}" for look in sorted(self.looks)) + "\n")
        if self.check is not None:
            self.check.save(folder)
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        document = self._document() | {"files": {name: file_digest(folder / name) for name in files}}
        write_json(folder / META, document | {"digest": digest(json.loads(dump_json(document)))})
        if describe:
            add_mlflow_model(folder)

    def _document(self) -> dict[str, Any]:
        """Return the entries of ``model.json`` besides its digests."""
        recipe = self.recipe
        return {
            "format": FORMAT,
            "detector": asdict(recipe.detector) | {"version": recipe.detector.plugin.version},
            "view": {"name": self.view.name, **self.view.options},  # for people: what it was handed, encoder included
            "task": recipe.task,
            "classes": recipe.classes,
            "band": recipe.band.as_dict(),
            "crop": asdict(recipe.crop),
            "train": recipe.train,
            "seed": recipe.seed,
            "calibration": asdict(self.calibration),
            "unsure": self.unsure,
            "threshold": self.threshold,
            "validation": self.validation,
            "data": self.data,
            "framing": self.framing.as_dict(),
            **({"clip_thresholds": self.clip_thresholds} if self.clip_thresholds else {}),
            **({"check": self.check.as_dict()} if self.check else {}),
            "bandbench": version("bandbench"),
        }

    @classmethod
    def load(cls, folder: Path, reference: str | None = None, tried: bool = False) -> "TrainedModel":
        """
        Read the output of `save`; no code from the folder is run, not even a plugin that it names.

        Parameters
        ----------
        folder : Path
        reference : str, optional
            ``file.py:Class`` or ``module:Class`` of a detector that is not registered.
        tried : bool
            False: an estimator of scikit-learn, whose code trusts what it is loaded from, is loaded in another process first.

        Raises
        ------
        PluginError
            If the folder is no model, is damaged, or its detector is unknown or of another version.
        """
        files = ForeignFolder(folder)
        try:
            stated = files.read_json(META, META_BYTES)
            if not isinstance(stated, dict) or stated.get("format") != FORMAT:
                got = stated.get("format") if isinstance(stated, dict) else None
                raise PluginError(f"the model in {folder} has format {short(got)}, wanted {FORMAT}; train it again.")
            meta = ModelFile.parse(files.read_text(META, META_BYTES))
            noted = meta.detector
            spec = DetectorSpec(reference or _registered(noted.reference, folder), noted.preset, noted.params)
            plugin = spec.plugin
            if plugin.version != noted.version:
                raise PluginError(
                    f"the model in {folder} was trained with version {noted.version} of {plugin.name}, "
                    f"installed is {plugin.version}; train it again."
                )
            _require_recipe(spec, meta)
            if not tried and any(folder.glob("detector-*/*.skops")):
                _try_apart(folder, reference)
            recipe = Recipe(spec, meta.task, meta.classes, meta.band, meta.crop, meta.train, meta.seed)
            looks = files.read_tokens(LOOKS, "[0-9a-f]{1,16}") if files.has(LOOKS) else frozenset[str]()
            model = cls(
                recipe,
                Classifier.load(plugin, folder, len(recipe.classes)),
                meta.calibration,
                meta.unsure,
                math.nan if meta.threshold is None else meta.threshold,
                meta.validation,
                files.read_tokens(SEEN, DIGEST),
                files.read_tokens(NAMES, DIGEST) if files.has(NAMES) else None,
                meta.data,
                meta.framing_of_pictures(),
                meta.clip_thresholds,
                frozenset(int(look, 16) for look in looks),
                DomainCheck.load(folder, meta.crop.side, meta.check.reencodings) if meta.check else None,
            )
            _require_scores(model)
            _require_digests(files, stated, meta)
            return model
        except FileNotFoundError as error:
            if files.has(META):  # the folder of a model that was not copied as a whole
                name = Path(str(error.filename)).name
                raise PluginError(damaged(folder, ValueError(f"{name} is missing"))) from error
            raise PluginError(
                f"{folder} is no model ({error.filename} is missing). "
                f"`{bench(f'train DETECTOR --train DOMAIN --out {shlex.quote(str(folder))}')}` makes one."
            ) from error
        except (OSError, ValueError, KeyError, TypeError, StudyError) as error:
            raise PluginError(damaged(folder, error)) from error


def _require_digests(files: ForeignFolder, stated: dict[str, Any], meta: ModelFile) -> None:
    """
    Compare the files of a model with the digests in its ``model.json``, and that with its own; earlier versions have none.

    This is no signature. It shows damage that leaves a model that can be loaded, as a flipped bit of an array does.
    """
    rest = {name: value for name, value in stated.items() if name != "digest"}
    if meta.digest is not None and digest(rest) != meta.digest:
        raise ValueError(f"{META} is not as the training wrote it (its digest differs)")
    present = [name for name in meta.files if files.has(name)]
    if sum((files.root / name).stat().st_size for name in present) > MOST_COMPARED:
        raise ValueError(f"its files have more than {MOST_COMPARED / 2**30:.0f} GiB")
    for name in present:
        if files.sha256(name) != meta.files[name]:
            raise ValueError(f"{name} is not as the training wrote it (its SHA-256 differs)")


def _require_recipe(spec: DetectorSpec, meta: ModelFile) -> None:
    """Refuse a detector, a view or a band that no training would have taken."""
    owner = f"detector {spec.plugin.name}"
    if spec.preset and spec.preset not in spec.plugin.presets:
        raise ValueError(unknown_name(f"preset of {owner}", spec.preset, spec.plugin.presets).rstrip("."))
    try:
        check_parameters(spec.plugin, spec.params, owner)
    except PluginError as error:
        raise ValueError(str(error).rstrip(".")) from error


def _try_apart(folder: Path, reference: str | None) -> None:
    """
    Load a model in a process of its own, with limits of time and memory: see `trial`.

    Raises
    ------
    ValueError
        If that process does not come to its end.
    """
    command = [sys.executable, "-P", "-c", TRIAL, str(folder), reference or ""]  # without modules of the working directory
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"loading its estimator takes more than {TRIAL_SECONDS} s") from error
    if done.returncode < 0:
        raise ValueError(f"loading its estimator ends the process ({signal.Signals(-done.returncode).name})")
    if done.returncode:
        lines = (done.stdout or done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise ValueError(lines[-1].removeprefix(f"the model in {folder} is damaged: ").removesuffix("; train it again."))


def _require_scores(model: TrainedModel) -> None:
    """
    Score two crops of noise: what does not fit together shows now, and not in the middle of a scan.

    A detector of an encoder gets features of the right shape instead of crops, because encoders take long to load.

    Raises
    ------
    ValueError
        If the detector fails, or a probability or distance is no number.
    """
    side, kernel = model.recipe.crop.side, view_kernel(model.view)
    shapes = {member.__dict__["_fitted_shape"] for member in model.classifier.members}
    if len(shapes) > 1:
        raise ValueError("its detectors were fitted on crops of several shapes")
    try:
        for member in model.classifier.members:
            require_view(model.recipe.detector.label, member.view, side)
            member.require_side(side)
        if kernel.expensive:
            scores = model.classifier.scores(Features(np.zeros((1, *shapes.pop()), np.float32)))
            numbers = [model.calibration.probabilities(scores)]
        else:
            shape = (2, side, side, 3) if kernel.colour else (2, side, side)
            crops = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
            measurements = model.examine(crops, np.arange(2))
            numbers = [measurements.probabilities, *([measurements.distances] if model.check else [])]
    except PLUGIN_FAILURES as error:  # what was loaded may make the detector fail in any way
        raise ValueError(f"it cannot score a picture ({type(error).__name__}: {text_of(error).rstrip('.')})") from error
    if not all(np.isfinite(of_kind).all() for of_kind in numbers):
        raise ValueError("its score of a picture is no number")


def _registered(reference: str, folder: Path) -> str:
    """Refuse a plugin that only the model's own file names: its code could be anything."""
    if ":" in reference or reference not in detectors.found.classes:
        raise PluginError(
            f"the model in {folder} belongs to the detector '{reference}', which is not registered here; "
            f"if you trust its code, name it with --detector."
        )
    return reference


def add_mlflow_model(folder: Path) -> None:
    """Write the ``MLmodel`` of a folder: MLflow loads it through `bandbench.benchmark.models.serving`, without pickle."""
    import mlflow.pyfunc
    from mlflow.models import Model
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import ColSpec, Schema, TensorSpec

    meta = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    of_check = [ColSpec("string", "reason"), ColSpec("double", "distance")] if "check" in meta else []
    columns: list[ColSpec | TensorSpec] = [
        ColSpec("string", "verdict"),
        *(ColSpec("double", f"p_{name}") for name in meta["classes"]),
        *of_check,
        ColSpec("string", "error"),
    ]
    # Of the answer alone: MLflow would turn away every picture that is not of the one type that an input has there.
    model = Model(signature=ModelSignature(outputs=Schema(columns)))
    mlflow.pyfunc.add_to_model(model, loader_module="bandbench.benchmark.models.serving", data=".")
    model.save(str(folder / "MLmodel"))
    (folder / "requirements.txt").write_text(f"bandbench=={version('bandbench')}\n")
