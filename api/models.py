"""`bandbench.train`, `bandbench.load_model` and `bandbench.scan`: one detector, kept, and what it says of pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..benchmark.errors import unknown_name
from ..benchmark.frequency.bands import Band
from ..benchmark.metrics.clips import clip_rule
from ..benchmark.metrics.digits import auc_text
from ..benchmark.models.recipe import DETECTION, TASKS
from ..benchmark.models.scanning import pooling_rule
from ..benchmark.models.trained_model import TrainedModel
from ..benchmark.registry import DetectorSpec
from ..benchmark.store.files import atomic_folder
from ..benchmark.tracking.store import resolve_tracking_uri
from ..datasets.copies.listing import find_files
from ..datasets.faces.windows import AUTO, ScanRegion
from .data import Folders, Groups, given_data
from .evaluation import Evaluated, evaluate_on
from .options import OptionError, as_count, as_jobs, as_names, cluster_of, public, reference_of
from .progress import reporting
from .scanning import scan_paths, score_frame, score_sources
from .stores import model_folder
from .training import free_folder, notes_on_training, train_on

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Model:
    """
    A trained and calibrated detector, as `bandbench.train` and `bandbench.load_model` return it.

    Attributes
    ----------
    trained : TrainedModel
        Fitted detector, calibration and out-of-domain check.
    folder : Path, or None
        Folder that it is kept in.
    problems : tuple of (domain, item, status, detail)
        Training pictures that could not be used.
    notes : tuple of str
        Remarks on its training that the command line prints.
    """

    trained: TrainedModel
    folder: Path | None = None
    problems: tuple[tuple[str, str, str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; ``p_…`` of each is a column of `score`."""
        return self.trained.recipe.classes

    @property
    def validation(self) -> dict[str, Any]:
        """Numbers on the validation pictures of its training."""
        return dict(self.trained.validation)

    def score(self, pictures: Any) -> "pd.DataFrame":
        """
        Score pictures.

        Parameters
        ----------
        pictures : path, array, picture of Pillow, or iterable of them
            Paths of pictures and clips, and of folders, which are searched at any depth. Arrays hold whole numbers from 0 to
            255: (rows, cols), (rows, cols, channels) with 1, 3 or 4 channels, or a stack of either, (n, rows, cols[,
            channels]).

        Returns
        -------
        DataFrame
            A line for each picture and clip, in their order: ``picture`` (path, or number in the input), ``status`` (``ok`` or
            ``error``), ``verdict`` (a class or ``unsure``), ``reason`` for ``unsure``, a calibrated probability for each class
            (``p_real``, ``p_fake``), ``distance`` from the training spectra (the limit is 1; NaN for a model without a
            check), and ``detail``, which says why a picture could not be scored. None is dropped.

        Examples
        --------
        ::

            model.score(["portrait.png", array])["p_fake"]
        """
        return score_frame(self.trained, score_sources(self.trained, pictures))

    @public
    def evaluate(
        self,
        test: str | Sequence[str],
        *,
        data: Folders | None = None,
        reals: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        groups: Groups | None = None,
        group_by: Groups | None = None,
        drop_leaks: bool = False,
        allow_lookalikes: bool = False,
        clips: str = "mean",
        jobs: int | None = None,
        cluster: Any = None,
        tracking_uri: str | None = None,
        progress: bool = True,
    ) -> Evaluated:
        """
        Test the model on domains; pictures that it has learned from are not scored.

        Parameters
        ----------
        test : str or list of str
            Domains.
        data, groups, group_by, reals, drop_leaks, allow_lookalikes, clips, jobs, cluster, tracking_uri, progress
            See `bandbench.run`.

        Returns
        -------
        Evaluated

        Raises
        ------
        BenchError
            If a domain is unknown, or test pictures share a clip or an identity with those of its training.
        """
        n_jobs, uri = as_jobs(jobs), resolve_tracking_uri(tracking_uri)
        given, rule = given_data(data, groups, group_by), clip_rule(clips)
        with reporting(progress) as reporter:
            return evaluate_on(
                self.trained,
                as_names("test", test),
                given,
                as_names("reals", reals),
                rule=rule,
                drop_leaks=drop_leaks,
                allow_lookalikes=allow_lookalikes,
                jobs=n_jobs,
                cluster=cluster_of(cluster, jobs, reporter),
                tracking_uri=uri,
                reporter=reporter,
                notes=reporter.notes,
            )

    def save(self, folder: str | PathLike[str]) -> Self:
        """
        Keep the model in a folder, which must not exist or be empty; return it with its folder.

        Raises
        ------
        BenchError
            If there is something in it.
        """
        kept = Path(folder).expanduser()
        free_folder(kept)
        with atomic_folder(kept) as unfinished:
            self.trained.save(unfinished)
        return replace(self, folder=kept)

    def __repr__(self) -> str:
        recipe, numbers = self.trained.recipe, self.trained.validation
        name = "auc" if recipe.task == DETECTION else "balanced_accuracy"
        metric = "AUC" if name == "auc" else "balanced accuracy"
        stated = f"; {metric} {auc_text(numbers[name])} on validation pictures" if name in numbers else ""
        kept = f"; in {self.folder}" if self.folder else ""
        return f"Model({recipe.label} trained on {', '.join(recipe.train)}{stated}{kept})"


def _band_of(band: Any, side: int, order: int, mode: str) -> Band:
    """
    Return the band that ``train`` is given, as text with an order and a mode, or as a band that has them.

    Raises
    ------
    OptionError
        If it is neither, or a band is given another order or mode.
    """
    if isinstance(band, str):
        return Band.parse(band, side, order=order, mode=mode)  # pyright: ignore[reportArgumentType] (it checks the mode)
    if not isinstance(band, Band):
        raise OptionError(f"band is text such as low:0.2, or a Band, got {band!r}.")
    for name, given, default, own in (("order", order, 1, band.order), ("mode", mode, "keep", band.mode)):
        if given not in (default, own):
            raise OptionError(f"the band has the {name} {own}, and {name} is {given!r}; give it to the Band alone.")
    return band


@public
def train(
    detector: str | type,
    train: str | Sequence[str],
    *,
    data: Folders | None = None,
    groups: Groups | None = None,
    group_by: Groups | None = None,
    out: str | PathLike[str] | None = None,
    task: str = DETECTION,
    params: Mapping[str, Any] | None = None,
    band: str | Band = "all",
    order: int = 1,
    mode: str = "keep",
    crop: int = 128,
    tiles: int = 1,
    seed: int = 0,
    drop_leaks: bool = False,
    allow_lookalikes: bool = False,
    jobs: int | None = None,
    cluster: Any = None,
    tracking_uri: str | None = None,
    progress: bool = True,
) -> Model:
    """
    Train a detector on domains and calibrate it, as ``bench train`` does; MLflow records the model.

    Parameters
    ----------
    detector : str or class
        ``name``, ``name/preset``, ``file.py:Class``, ``module:Class``, or an importable class.
    train : str or list of str
        Domains.
    data, groups, group_by
        See `bandbench.run`.
    out : str or path, optional
        Folder to keep the model in; with None MLflow alone keeps it.
    task : {"detection", "attribution"}
        Real or fake, or which generator.
    params : mapping of str to object, optional
        Parameters of the detector.
    band : str or Band
        Frequencies that it sees: ``all``, ``low:0.2`` …, as ``bench train --band`` takes them.
    order : int
        Butterworth order of the band, where it is given as text.
    mode : {"keep", "reweight", "pixels"}
        How the band acts, where it is given as text.
    crop : int
        Side of the square window cut from each picture, in pixels.
    tiles : int
        Windows per picture; 1 is the central one.
    seed : int
        Of all random draws.
    drop_leaks, allow_lookalikes, jobs, cluster, tracking_uri, progress
        See `bandbench.run`.

    Returns
    -------
    Model

    Raises
    ------
    BenchError
        If the detector or a domain is unknown, a class is missing, splits share an identity, or the detector fails.
    """
    if task not in TASKS:
        raise OptionError(unknown_name("task", str(task), TASKS))
    if not isinstance(detector, str | type):
        raise OptionError(f"detector takes a name or a class, got {detector!r}.")
    spec = DetectorSpec.parse(reference_of(detector) if isinstance(detector, type) else detector, dict(params or {}))
    side = as_count("crop", crop, 1)
    chosen = _band_of(band, side, order, mode)
    folder, n_jobs, uri = free_folder(out), as_jobs(jobs), resolve_tracking_uri(tracking_uri)
    given = given_data(data, groups, group_by)
    with reporting(progress) as reporter:
        trained = train_on(
            spec,
            as_names("train", train),
            given,
            task=task,
            band=chosen,
            crop=side,
            tiles=as_count("tiles", tiles, 1),
            seed=as_count("seed", seed),
            folder=folder,
            drop_leaks=drop_leaks,
            allow_lookalikes=allow_lookalikes,
            jobs=n_jobs,
            cluster=cluster_of(cluster, jobs, reporter),
            tracking_uri=uri,
            reporter=reporter,
        )
    notes = (*reporter.notes, *notes_on_training(trained))
    return Model(trained.model, trained.folder, trained.problems, notes)


@public
def load_model(model: str | PathLike[str], *, detector: str | None = None, tracking_uri: str | None = None) -> Model:
    """
    Load a model.

    Parameters
    ----------
    model : str or path
        A folder of `train` or of ``bench train``; or an address of MLflow, ``models:/NAME/VERSION`` or ``runs:/RUN/model``.
    detector : str, optional
        ``file.py:Class`` or ``module:Class`` of a detector that is not registered; no code from the folder is run.
    tracking_uri : str, optional
        MLflow store or server of the address.

    Returns
    -------
    Model

    Raises
    ------
    BenchError
        If there is no such model, it is damaged, or its detector is unknown or of another version.
    """
    if not isinstance(model, str | PathLike):
        raise OptionError(f"model is a folder, or an address of MLflow such as models:/NAME/1, got {model!r}.")
    folder = model_folder(model if isinstance(model, str) else Path(model), tracking_uri).expanduser()
    return Model(TrainedModel.load(folder, detector), folder)


@public
def scan(
    model: Model | str | PathLike[str],
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    frames: int = 32,
    pool: str = "mean",
    faces: str = AUTO,
    weights: str | PathLike[str] | None = None,
    min_size: int | None = None,
    margin: float | None = None,
    detector: str | None = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """
    Score pictures and clips, as ``bench scan --csv`` does.

    Parameters
    ----------
    model : Model, or what `load_model` takes
    paths : path or iterable of them
        Files, and folders, which are searched at any depth.
    frames : int
        Frames per clip, spread evenly.
    pool : {"mean", "vote", "top_third"}
        Frames to one score.
    faces : {"auto", "haar", "yunet", "retinaface", "none"}
        Finder of the face that is scored; ``none`` is the middle, ``auto`` Haar in clips if the model was trained on faces.
    weights : path, optional
        The face finder's weights, for yunet and retinaface.
    min_size : int, optional
        Smallest face in pixels; as in training for None.
    margin : float, optional
        Margin on every side, as a share of the face's box; as in training for None.
    detector : str, optional
        See `load_model`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        A line for each picture, clip and scored frame of a clip (``kind``): ``path``, ``status``, ``verdict``, ``reason``, a
        calibrated probability for each class, ``distance``, the scored region, and ``detail``. A file that cannot be scored
        has the status ``error``.

    Raises
    ------
    BenchError
        If a path does not exist, there is nothing to score, or an option is out of range.
    """
    loaded = model if isinstance(model, Model) else load_model(model, detector=detector)
    files = find_files([Path(path).expanduser() for path in as_names("paths", paths)])
    found_in = Path(weights).expanduser() if weights is not None else None
    with reporting(progress) as reporter:
        scanned = scan_paths(
            loaded.trained,
            files,
            frames=as_count("frames", frames, 1),
            rule=pooling_rule(pool),
            region=ScanRegion.of(loaded.trained.framing, faces, found_in, min_size, margin),
            reporter=reporter,
        )
    return scanned.to_pandas()
