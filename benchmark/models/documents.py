"""MLflow documents of trained models and of their evaluations."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..epochs import member_series
from ..figures.plots import save_confusion
from ..results.cell_document import SHORT, fact_text
from ..results.scores import write_table
from ..store.files import digest
from ..tracking.documents import RunDocument
from ..tracking.sender import MODEL_FILE
from .evaluation import Evaluation
from .trained_model import TrainedModel

MODELS = "models"  # MLflow experiment
ENCODER_FACTS = ("library", "model", "weights", "content", "activation", "statistics", "side")  # of a view, where it has them


def model_document(model: TrainedModel, folder: Path, start: float, place: Path | None = None) -> RunDocument:
    """
    Make the document of a trained model: parameters, validation numbers, and the folder as an MLflow model.

    Parameters
    ----------
    model : TrainedModel
    folder : Path
        It is saved in.
    start : float
        Of the training, in seconds since the epoch.
    place : Path, optional
        Folder that it will have in the end. The same model in the same place is the same run, so that a training that was
        killed after it was recorded is not recorded twice.
    """
    recipe = model.recipe
    params = {
        "detector": recipe.detector.label,
        "task": recipe.task,
        "train": ", ".join(recipe.train),
        "band": str(recipe.band),
        "crop": str(recipe.crop.side),
        "seed": str(recipe.seed),
        **{f"view.{name}": str(value) for name, value in model.view.options.items() if name in ENCODER_FACTS},
        **({"check": ", ".join(model.check.reencodings)} if model.check else {}),
        **_data_params(model.data),
    }
    name = f"train {recipe.label}"
    return RunDocument(
        key=digest([name, params, start if place is None else [str(place.absolute()), _contents(folder)]]),
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


def _contents(folder: Path) -> dict[str, str]:
    """Digests of the files of a model, but for its description for MLflow, which has the time."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MODEL_FILE)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def evaluation_document(model: TrainedModel, result: Evaluation, start: float, place: Path) -> RunDocument:
    """Make the document of an evaluation; its score file and confusion matrix are written below `place`."""
    recipe = model.recipe
    params = {
        "detector": recipe.detector.label,
        "task": recipe.task,
        "train": ", ".join(recipe.train),
        "test": result.domain,
        **_data_params({**result.data, "dropped_leaks": {"test": result.n_dropped}}),
    }
    name = f"evaluate {recipe.label} on {result.domain}"
    numbers = {**result.numbers, **(result.clips.numbers() if result.clips else {}), "coverage": result.n / result.n_items}
    if result.clips is not None:
        params["clips"] = result.clips.rule.value
    key = digest([name, params, start])
    write_table(place / key / "scores.parquet", result.scores)
    if result.confusion is not None:
        save_confusion(place / key / "confusion.png", result.confusion, recipe.classes, recipe.label)
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
    """Return the provenance of the pictures as parameters of an MLflow run."""
    dropped = {f"dropped_leaks.{split}": str(n) for split, n in data.get("dropped_leaks", {}).items()}
    facts = {
        f"data.{name}.{key}": fact_text(value) for name, of_set in data.get("data", {}).items() for key, value in of_set.items()
    }
    splits = data.get("splits", {})
    return {"splits": digest(splits)[:SHORT] if splits else "", **dropped, **facts}
