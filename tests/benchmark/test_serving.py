"""The loader's earlier name, which kept MLflow models note."""

from pathlib import Path

from bandbench.benchmark import serving
from conftest import noise_picture, trained_model


def test_the_earlier_name_loads_a_kept_model(tmp_path: Path) -> None:
    trained_model().save(tmp_path / "model", describe=False)
    (row,) = serving._load_pyfunc(str(tmp_path / "model")).predict(noise_picture(3, 64, 1.6)).to_dict("records")
    assert (row["verdict"], row["error"]) == ("fake", "")
