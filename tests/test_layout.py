"""The shape of the project: who may look at whom, what is loaded when, and what must not be there."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("benchmark", "detectors", "datasets", "studies", "leaderboard")
# What each folder may import from; `benchmark/cli` is where the parts meet.
ALLOWED = {
    "benchmark": {"benchmark"},
    "benchmark/cli": {"benchmark", "benchmark/cli", "datasets", "leaderboard"},
    "detectors": {"benchmark", "detectors"},
    "datasets": {"benchmark", "datasets"},
    "studies": {"benchmark"},
    "leaderboard": {"benchmark", "leaderboard"},
}

# `cli/__init__.py` imports the commands where Ctrl-C is handled; `cli/run.py` imports its work beside the warm-up of workers;
# `faces/finders.py` imports a network that needs PyTorch.
MOST_LAZY_IMPORTS = 3


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def folder_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "benchmark/cli" if parts[:2] == ("benchmark", "cli") else parts[0]


def imported_folders(path: Path) -> set[str]:
    """Folders of ours that a file imports from, relatively or by absolute name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parent
            for _ in range(node.level - 1):
                base = base.parent
            target = base.joinpath(*(node.module or "").split("."))
            found.add(folder_of(target / "x" if target.is_dir() else target))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bandbench."):
            found.add((node.module or "").split(".")[1])
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    assert imported_folders(path) <= ALLOWED[folder_of(path)]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_runs_code_from_files(path: Path) -> None:
    """Models and caches are data: no pickle, no eval."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            assert not {"pickle", "joblib", "dill", "cloudpickle"} & set(names)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec")
        if isinstance(node, ast.Call):
            told = {keyword.arg: keyword.value for keyword in node.keywords}
            assert "trust_remote_code" not in told
            if ast.unparse(node.func).endswith(("torch.load", "load_state_dict_from_file", "models.load_state_dict")):
                only = told.get("weights_only")
                assert isinstance(only, ast.Constant) and only.value is True


@pytest.mark.parametrize("folder", sorted({path.parent for path in sources()}), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_folder_with_code_ships(folder: Path) -> None:
    """`setup.py` finds what has an ``__init__.py``; without one, the wheel would lack the folder."""
    assert (folder / "__init__.py").is_file()


def lazy_imports(path: Path) -> list[str]:
    """Imports of our own modules in a file that are not made when it is imported: in functions, or for the type checker."""
    tree = ast.parse(path.read_text())
    places = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
    ]
    own = {
        node.lineno: ast.unparse(node)
        for place in places
        for node in ast.walk(place)
        if (isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("bandbench")))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("bandbench") for alias in node.names))
    }
    return [f"{path.relative_to(ROOT)}:{line}: {text}" for line, text in sorted(own.items())]


def test_few_imports_of_ours_wait_in_functions() -> None:
    """Commands are imported by a lazy group, so that their own imports stand at the top like everybody's."""
    lazy = [line for path in sources() for line in lazy_imports(path)]
    assert len(lazy) <= MOST_LAZY_IMPORTS, "\n".join(lazy)


def python(code: str, cwd: Path) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_the_checkout_is_not_on_the_path(tmp_path: Path) -> None:
    """A top-level `datasets` would stand in for the library of that name."""
    assert str(ROOT) not in sys.path
    probe = "import importlib.util as u; print([n for n in ('datasets', 'benchmark', 'detectors') if u.find_spec(n)])"
    assert python(probe, tmp_path).strip() == "[]"
    assert python("import bandbench; print(bandbench.__file__)", tmp_path).strip() == "None"


@pytest.mark.parametrize(
    "command",
    ["", "run", "train", "scan", "spectra", "list", "sync", "leaderboard", "leaderboard add", "data doctor", "new detector"],
)
def test_help_loads_nothing_heavy(command: str, tmp_path: Path) -> None:
    # Typer itself imports pydantic to read the options of a command.
    heavy = ("numpy", "scipy", "sklearn", "mlflow", "optuna", "matplotlib", "pandas", "pyarrow", "PIL")
    code = f"""
import contextlib, io, sys
from bandbench.benchmark.cli import main
sys.argv = ["bench", *{command!r}.split(), "--help"]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as out:
    main()
assert "Usage" in out.getvalue()
print([name for name in {heavy!r} if name in sys.modules])
"""
    assert python(code, tmp_path).strip() == "[]"


def test_workers_load_neither_tracking_nor_plots(tmp_path: Path) -> None:
    code = """
import sys
import bandbench.benchmark.features.prepare, bandbench.benchmark.search.fit
from bandbench.benchmark.registry import detectors
detectors.names()
print([name for name in ("mlflow", "matplotlib", "optuna", "torch", "rich") if name in sys.modules])
"""
    assert python(code, tmp_path).strip() == "[]"


@pytest.mark.parametrize(
    "module", ["study_run", "train", "leaderboard", "listing", "show", "data", "data_doctor", "cache", "sync"]
)
def test_importing_a_command_loads_neither_mlflow_nor_plots(module: str, tmp_path: Path) -> None:
    """What only some runs of a command need is imported when they need it."""
    code = f"""
import sys
import bandbench.benchmark.cli.{module}
print([name for name in ("mlflow", "matplotlib", "plotly", "torch", "lightgbm") if name in sys.modules])
"""
    assert python(code, tmp_path).strip() == "[]"


def test_base_install_asks_for_no_torch() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [need for need in project["dependencies"] if need.startswith(("torch", "timm", "transformers"))]
    assert all("<" in need and ">=" in need for need in project["dependencies"])
