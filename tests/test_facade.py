"""``import bandbench``: a few names, loaded when they are used, and packages that share a name with a function."""

import ast
import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bandbench as bb

STUB = Path(__file__).parents[1] / "bandbench" / "__init__.pyi"
NAMES = {
    *("run", "leaderboard", "train", "load_model", "scan", "spectra", "audit", "detectors", "datasets"),
    *("Band", "BenchError", "Board", "Model", "StudyResults"),
}


def python(code: str, cwd: Path, **environment: str) -> list[str]:
    variables = os.environ | environment
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, env=variables).stdout.split()


def test_the_names_are_those_of_the_stub() -> None:
    imports = [node for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ImportFrom)]
    imported = {alias.asname for node in imports for alias in node.names}
    assert set(dir(bb)) == imported == NAMES
    assert all(callable(getattr(bb, name)) for name in NAMES)
    assert bb.__version__


@pytest.mark.parametrize(("name", "module"), [("datasets", "plugins"), ("detectors", "plugins"), ("leaderboard", "board")])
def test_a_package_with_the_name_of_a_function_is_called_like_it(name: str, module: str) -> None:
    function = getattr(importlib.import_module(f"bandbench.api.{module}"), name)
    package = importlib.import_module(f"bandbench.{name}")
    assert getattr(bb, name) is package
    assert inspect.signature(package) == inspect.signature(function)
    assert package.__path__


@pytest.mark.parametrize(
    "code",
    [
        "import bandbench as bb; print(len(bb.detectors()) > 5)",
        "import bandbench.detectors; print(len(bandbench.detectors()) > 5)",
        "import bandbench.detectors.coin_flip as c; import bandbench; print(len(bandbench.detectors()) > 5, c.CoinFlip.name)",
        "from bandbench import detectors; import bandbench.datasets.copies.tree; print(len(detectors()) > 5)",
        "import bandbench as b; b.detectors(); import bandbench.detectors.coin_flip; print(b.detectors.coin_flip.CoinFlip)",
    ],
)
def test_functions_and_packages_work_in_every_order_of_imports(code: str, tmp_path: Path) -> None:
    assert python(code, tmp_path)[0] in ("True", "<class")


def test_eager_imports_of_lazy_loader_change_nothing(tmp_path: Path) -> None:
    code = "import bandbench as bb, bandbench.datasets.copies; print(len(bb.datasets()) > 5, bb.datasets.copies.__name__)"
    assert python(code, tmp_path, EAGER_IMPORT="1") == ["True", "bandbench.datasets.copies"]


def test_an_unknown_name_is_an_attribute_error_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="module 'bandbench' has no attribute 'scann'. Did you mean 'scan'?"):
        bb.scann  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue] (the point)
    assert not hasattr(bb, "__wrapped__")


def test_types_ship() -> None:
    assert Path(bb.__file__).with_name("py.typed").exists()
    assert Path(bb.__file__).with_name("__init__.pyi").exists()
