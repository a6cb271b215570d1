"""The folder is an MLflow model: MLflow itself loads it and asks it."""

import base64
import io
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
from PIL import Image

from conftest import noise_picture, trained_model


def test_mlflow_scores_pictures(tmp_path: Path) -> None:
    model, files = trained_model(), []
    model.save(tmp_path / "model")
    for boost in (1.0, 1.6):
        out = io.BytesIO()
        Image.fromarray(noise_picture(99, 64, boost)).save(out, "PNG")
        files.append(out.getvalue())
    images = [base64.b64encode(data).decode() for data in files] + ["%%%", base64.b64encode(b"text").decode()]
    answer = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(pd.DataFrame({"image": images}))
    for i, data in enumerate(files):
        probabilities, verdicts = model.verdicts(model.score_file(data)[None])
        assert answer["p_fake"][i] == probabilities[0, 1]
        assert answer["verdict"][i] == verdicts[0]
    assert "not a picture in Base64" in answer["error"][2]
    assert "not a JPEG" in answer["error"][3]
    assert list(answer["verdict"][2:]) == ["", ""]
