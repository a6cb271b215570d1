"""The folder is an MLflow model: MLflow itself loads it and asks it, whatever form the pictures have."""

import base64
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.models import Model
from PIL import Image

from bandbench.benchmark.models.domain_check import DomainCheck
from bandbench.benchmark.models.serving import picture_pixels
from bandbench.benchmark.models.spectrum_reference import Profiles, SpectrumReference, crop_profiles
from conftest import noise_picture, trained_model

COLOURED = np.stack([noise_picture(99, 64, 1.6)] * 3, axis=-1)


def png(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    trained_model().save(place / "model")
    for name in ("a.png", "ä b?#%2F.png"):
        (place / name).write_bytes(png(COLOURED))
    return place


@pytest.fixture(scope="module")
def served(folder: Path) -> Any:
    return mlflow.pyfunc.load_model(str(folder / "model"))


def test_mlflow_scores_pictures(served: Any) -> None:
    model, files = trained_model(), [png(noise_picture(99, 64, boost)) for boost in (1.0, 1.6)]
    images = [base64.b64encode(data).decode() for data in files] + ["%%%", base64.b64encode(b"text").decode()]
    answer = served.predict(pd.DataFrame({"image": images}))
    for i, data in enumerate(files):
        probabilities, verdicts = model.verdicts(model.score_file(data)[None])
        assert answer["p_fake"][i] == probabilities[0, 1]
        assert answer["verdict"][i] == verdicts[0]
    assert "not a picture in Base64" in answer["error"][2]
    assert "not a JPEG" in answer["error"][3]
    assert list(answer["verdict"][2:]) == ["", ""]


def test_a_model_with_a_check_gives_its_reasons(tmp_path: Path) -> None:
    crops = np.stack([noise_picture(i, 48, 1.6 if i % 2 else 1.0) for i in range(40)])
    pictures = Profiles(crop_profiles(crops), np.arange(40) % 2, np.zeros(40, np.intp))
    reference = SpectrumReference.learn(48, pictures, pictures)
    assert reference is not None
    replace(trained_model(), check=DomainCheck(reference)).save(tmp_path / "model")
    served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    names = ["verdict", "p_real", "p_fake", "reason", "distance", "error"]
    assert served.metadata.signature.outputs.input_names() == names
    answer = served.predict([png(np.zeros((48, 48), np.uint8)), png(crops[0]), b"text"])
    assert list(answer.columns) == names
    assert list(answer["verdict"]) == ["unsure", "real", ""]
    assert list(answer["reason"]) == ["unlike_training", "", ""]
    assert (answer["distance"][:2] > 1).tolist() == [True, False]
    assert np.isnan(answer["distance"][2])


FORMS = {
    "paths": lambda folder: [folder / "a.png", folder / "ä b?#%2F.png"],
    "texts of paths": lambda folder: [str(folder / "a.png"), str(folder / "ä b?#%2F.png")],
    "addresses": lambda folder: [(folder / "ä b?#%2F.png").as_uri()],
    "bytes": lambda _: [png(COLOURED)],
    "Base64": lambda _: base64.b64encode(png(COLOURED)).decode(),
    "a data address": lambda _: "data:image/png;base64," + base64.b64encode(png(COLOURED)).decode(),
    "an array": lambda _: COLOURED,
    "arrays": lambda _: [COLOURED, COLOURED.astype(np.int64)],
    "a stack": lambda _: np.stack([COLOURED, COLOURED]),
    "nested lists": lambda _: COLOURED.tolist(),
    "Pillow": lambda _: [Image.fromarray(COLOURED), Image.fromarray(COLOURED).convert("RGBA")],
    "a table": lambda folder: pd.DataFrame({"image": [folder / "a.png", png(COLOURED)], "more": 1}),
    "a table of one column": lambda folder: pd.DataFrame({"file": [str(folder / "a.png")]}),
    "a series": lambda folder: pd.Series([str(folder / "a.png")]),
    "a mapping": lambda folder: {"image": np.array([str(folder / "a.png")])},
}  # fmt: skip


@pytest.mark.parametrize("form", list(FORMS))
def test_pictures_in_every_form_get_one_answer(served: Any, folder: Path, form: str) -> None:
    model = trained_model()
    expected = model.verdicts(model.score_file(png(COLOURED))[None])[0][0, 1]
    answer = served.predict(FORMS[form](folder))
    assert list(answer["error"]) == [""] * len(answer)
    assert list(answer["p_fake"]) == [pytest.approx(expected)] * len(answer)
    assert len(answer) >= 1


def closed_picture() -> Image.Image:
    picture = Image.fromarray(COLOURED)
    picture.close()
    return picture


@pytest.mark.parametrize("mode", ["I", "I;16"])
def test_sixteen_bits_are_scaled_whatever_the_mode(mode: str) -> None:
    wide = COLOURED[..., 0].astype(np.uint16) * 257
    picture = Image.fromarray(wide if mode == "I;16" else wide.astype(np.int32))
    assert picture.mode == mode
    assert (picture_pixels(picture, colour=False) == COLOURED[..., 0]).all()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "got NoneType"),
        (Path("/no/such.png"), "cannot be read"),
        ("/no/such.png", "no file: /no/such.png"),
        (COLOURED / 255, "whole numbers from 0 to 255"),
        (np.zeros((4, 4, 7), np.uint8), "channels"),
        (b"", "the file is empty"),
        (Image.fromarray(COLOURED[..., 0] / np.float32(255)), "floating-point pictures have no defined range"),
        (closed_picture(), "a picture of Pillow that cannot be read (Operation on closed image)"),
    ],
)
def test_what_is_no_picture_costs_itself_alone(served: Any, given: object, reason: str) -> None:
    answer = served.predict([given, COLOURED])
    assert reason in answer["error"][0]
    assert answer["error"][1] == ""


def test_mlflow_knows_the_columns_of_the_answer(folder: Path) -> None:
    signature = Model.load(str(folder / "model")).signature
    assert signature.outputs.input_names() == ["verdict", "p_real", "p_fake", "error"]
