"""Requests are records of options: frozen, declared without the modules that do the work, and of one default with them."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.cli import requests

MODULES = sorted(path.stem for path in Path(requests.__file__).parent.glob("[a-z]*.py"))
HEAVY = ("numpy", "scipy", "pydantic", "pyarrow", "mlflow", "optuna", "PIL", "matplotlib")


def classes(module: str) -> Iterator[Any]:
    loaded = import_module(f"{requests.__name__}.{module}")
    yield from (value for value in vars(loaded).values() if getattr(value, "__module__", "") == loaded.__name__)


REQUESTS = [value for module in MODULES for value in classes(module) if dataclasses.is_dataclass(value)]


@pytest.mark.parametrize("request_type", REQUESTS, ids=lambda request_type: request_type.__name__)
def test_a_request_is_frozen_and_says_of_which_command(request_type: Any) -> None:
    assert request_type.__dataclass_params__.frozen
    assert request_type.__name__.endswith("Request")
    assert "``bench " in request_type.__doc__


@pytest.mark.parametrize("module", MODULES)
def test_declaring_the_options_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {requests.__name__}.{module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
