"""Whatever characters a folder has in its name: its address leads back to it."""

from pathlib import Path

import pytest

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.tracking.addresses import folder_path, sqlite_address, sqlite_path, unescaped_folder

ODD = [
    "plain",
    "feature%2Fbands",
    "what?now",
    "a#b",
    "a b",
    "größe",
    "a+b",
    "a:b",
    "a@b",
    "100%",
    "%",
    "a&b=c;d",
    "[x]",
    "'\"",
    "%252F",
]


@pytest.mark.parametrize("name", ODD)
def test_there_and_back(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "home"
    assert sqlite_path(sqlite_address(folder / "mlflow.db")) == folder / "mlflow.db"
    assert folder_path(folder.as_uri()) == folder


def test_usual_addresses_are_as_they_were() -> None:
    assert sqlite_address(Path("/srv/größe a+b/mlflow.db")) == "sqlite:////srv/größe a+b/mlflow.db"
    assert unescaped_folder("sqlite:////srv/größe a+b/mlflow.db") is None
    assert unescaped_folder("sqlite:////srv/what%3Fnow/mlflow.db") == Path("/srv/what%3Fnow")


def test_a_percent_sign_as_it_is_typed(tmp_path: Path) -> None:
    folder = tmp_path / "feature%2Fbands"
    folder.mkdir()
    assert sqlite_path(f"sqlite:///{folder}/mlflow.db") == folder / "mlflow.db"


def test_a_question_mark_as_it_is_typed(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="is written %3F"):
        sqlite_path(f"sqlite:///{tmp_path}/what?now/mlflow.db")
    assert sqlite_path("sqlite:////srv/mlflow.db?timeout=5") == Path("/srv/mlflow.db")


@pytest.mark.parametrize("address", ["http://a.server", "postgresql://me@host/x", "sqlite://", "sqlite:///:memory:"])
def test_what_is_no_file(address: str) -> None:
    assert sqlite_path(address) is None


@pytest.mark.parametrize("address", ["mlflow-artifacts:/1/x", "s3://bucket/x", "file://another.machine/x", ""])
def test_what_is_no_folder_of_this_machine(address: str) -> None:
    assert folder_path(address) is None
