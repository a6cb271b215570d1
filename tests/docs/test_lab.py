"""The compose file of docs/howto/lab: complete, pinned, and of the MLflow version that this package asks for."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LAB = ROOT / "docs" / "howto" / "lab"
TEXT = (LAB / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("name", list(SERVICES))
def test_an_image_is_built_here_or_has_a_tag_that_stays(name: str) -> None:
    service = SERVICES[name]
    image = service["image"] if "build" not in service else service["build"]["dockerfile_inline"].split()[1]
    assert re.fullmatch(r"[\w/.-]+:(RELEASE\.[\dTZ-]+|\d+\.\d+[\w.-]*)", image)


def test_services_that_stay_are_checked_and_keep_what_they_store() -> None:
    staying = {name: service for name, service in SERVICES.items() if service.get("restart")}
    assert set(staying) == {"postgres", "minio", "mlflow"}
    assert all(service["healthcheck"]["test"] for service in staying.values())
    for name in ("postgres", "minio"):
        assert SERVICES[name]["volumes"][0].partition(":")[0] in COMPOSE["volumes"]


def test_services_wait_for_services_that_there_are() -> None:
    waiting = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    assert set().union(*waiting.values()) <= set(SERVICES)
    assert waiting["mlflow"] == {"postgres", "bucket"}


def test_every_variable_is_in_the_example_and_passwords_have_no_default() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT))
    lines = [line.partition("=") for line in (LAB / ".env.example").read_text().splitlines() if "=" in line]
    assert {name for name, _, _ in lines} == used
    assert all(re.fullmatch(r"[\w.,:-]+", value) for _, _, value in lines)
    assert not re.findall(r"\$\{\w*PASSWORD:?-", TEXT)


def test_files_that_are_mounted_are_there() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    assert [path for path in mounted if path.startswith("./")] == ["./searches.sql"]
    assert "CREATE DATABASE searches;" in (LAB / "searches.sql").read_text()


def test_the_server_has_the_version_of_its_clients_and_takes_their_files() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (mlflow,) = [dependency for dependency in dependencies if dependency.startswith("mlflow")]
    assert f'"{mlflow}"' in SERVICES["mlflow"]["build"]["dockerfile_inline"]
    command = SERVICES["mlflow"]["command"]
    assert "--artifacts-destination=s3://mlflow" in command
    assert SERVICES["bucket"]["entrypoint"][-1].startswith("until mc mb --ignore-existing lab/mlflow;")
