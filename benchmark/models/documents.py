"""MLflow documents of trained models and of their evaluations."""

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
from .evaluation import Evaluation
from .trained_model import TrainedModel

MODELS = "models"  # MLflow experiment
ENCODER_FACTS = ("library", "model", "weights", "content", "activation", "statistics", "side")  # of a view, where it has them


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
    numbers = {**found.numbers, **(found.clips.numbers() if found.clips else {}), "coverage": found.n / found.n_items}
    if found.clips is not None:
        params["clips"] = found.clips.rule.value
    key = digest([name, params, start])
    write_table(place / key / "scores.parquet", found.scores)
    if found.confusion is not None:
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
