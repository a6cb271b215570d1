"""A trained model as MLflow sees it: pictures in, probabilities out."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import BenchError, DataError
from .trained import TrainedModel

if TYPE_CHECKING:
    import pandas as pd


class ServedModel:
    """
    What ``mlflow.pyfunc.load_model`` hands out.

    Parameters
    ----------
    model : TrainedModel
    """

    def __init__(self, model: TrainedModel) -> None:
        self._model = model

    def predict(self, model_input: "pd.DataFrame", params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """
        Score pictures.

        Parameters
        ----------
        model_input : DataFrame
            Column ``image``: each a picture file, as bytes or in Base64.
        params : dict, optional
            None are known.

        Returns
        -------
        DataFrame
            ``verdict``, one probability per class (``p_fake`` …) and ``error``, which is empty where there is a verdict.
        """
        import pandas as pd

        return pd.DataFrame([self._row(image) for image in model_input["image"]])

    def _row(self, image: str | bytes) -> dict[str, Any]:
        classes = self._model.recipe.classes
        try:
            data = base64.b64decode(image, validate=True) if isinstance(image, str) else bytes(image)
            scores = self._model.score_file(data)
        except (BenchError, ValueError) as error:
            reason = str(error) if isinstance(error, DataError) else f"not a picture in Base64 ({error})."
            return {"verdict": "", **dict.fromkeys((f"p_{name}" for name in classes), None), "error": reason}
        probabilities, names = self._model.verdicts(scores[None])
        shares = {f"p_{name}": float(p) for name, p in zip(classes, probabilities[0], strict=True)}
        return {"verdict": names[0], **shares, "error": ""}


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> ServedModel:
    """MLflow calls this, by name."""
    return ServedModel(TrainedModel.load(Path(path)))
