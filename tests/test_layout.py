"""
The shape of the project: which module may import which, what is loaded when, and what must not be there.

The law of imports counts every import, lazy and ``TYPE_CHECKING`` ones included. A unit is a package of a top folder, or a
module beside the packages. Inside ``benchmark/`` the units stand in one order, and a unit imports only from those before it.
"""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

PATH = tuple(sys.path)  # before any test: a scheduler of Dask in this process adds to it
ROOT = Path(__file__).parents[1]
FOLDERS = ("api", "benchmark", "detectors", "datasets", "studies", "leaderboard")
ORDER = (
    *("errors", "invocation", "arrays", "contracts", "store", "workers", "devices", "metrics", "registry", "fitted", "epochs"),
    *("tracking", "frequency", "pictures", "views", "reporting", "cluster", "domains", "study", "results", "figures"),
    *("testing", "records", "features", "models", "serving", "analysis", "recording", "search", "cli"),
)
# What units outside of the engine may import from it, as prefixes of module names below `benchmark`.
FROM_ENGINE = {
    "detectors": {
        *("contracts", "errors", "invocation", "arrays", "devices", "metrics", "views.encoders"),
        "frequency.noise",  # the denoiser of a view, which fingerprints of sensor noise are made with, too
    },
    "datasets": {
        *("contracts", "errors", "invocation", "registry", "store", "workers", "reporting", "pictures", "domains", "metrics"),
        "cluster.client",  # a preparation can be done by a cluster
    },
    "leaderboard": {
        *("results", "records", "metrics", "tracking.reading", "domains.names", "frequency.bands", "store", "errors"),
        "domains.release_date",  # which test domains came out after the training domains
        "contracts",  # the record of a published number
        "invocation",  # notes and remarks name the command to type next as the user types it
        "workers",  # rows of many cells are computed from their score files in parallel
        "reporting",  # progress of that, and names of domains shortened for the terminal
    },
    "studies": set(),
}
# What the Python interface may import: everything but the command line, which calls it.
FOR_API = ("benchmark", "detectors", "datasets", "leaderboard", "studies")
# What single modules may import besides. A checkpoint is the state of a training on a disk, which is written completely or
# not at all, like every file of the cache; no other detector reads or writes files of its own.
BESIDES = {"detectors.learning.checkpoints": {"store.files", "store.folders"}}
# What the packages of `datasets/` may import from each other; adapters may import from `copies` and `grouping`.
AMONG_DATASETS = {
    "copies": {"copies"},
    "grouping": {"grouping", "copies"},
    "faces": {"faces", "copies"},
    "doctor": {"doctor", "copies"},
    "synthesis": {"synthesis"},
}
MOST_FILES = 12  # of `benchmark/`, beside its packages
# `cli/__init__.py` imports all the rest where Ctrl-C is handled; `cli/run.py` imports its work beside the warm-up of workers.
MOST_LAZY_IMPORTS = 2


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


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
    assert str(ROOT) not in PATH
    probe = "import importlib.util as u; print([n for n in ('datasets', 'benchmark', 'detectors') if u.find_spec(n)])"
    assert python(probe, tmp_path).strip() == "[]"


def test_the_facade_loads_nothing(tmp_path: Path) -> None:
    heavy = ("numpy", "pandas", "mlflow", "optuna", "pydantic", "rich", "typer", "bandbench.api", "bandbench.benchmark")
    code = f"import sys, bandbench; dir(bandbench); print([name for name in {heavy!r} if name in sys.modules])"
    assert python(code, tmp_path).strip() == "[]"


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
import bandbench.benchmark.features.plan_sets, bandbench.benchmark.search.fit
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


# --- the law of imports ------------------------------------------------------------------------------------------------


@cache
def modules() -> dict[str, Path]:
    """Our modules by dotted name below the project."""
    found = {}
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(module: str) -> frozenset[str]:
    """Our modules that one imports, wherever in the file."""
    path = modules()[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.removeprefix("bandbench.") for alias in node.names if alias.name.startswith("bandbench.")]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bandbench"):
            base = (node.module or "").removeprefix("bandbench").lstrip(".")
            names = [f"{base}.{alias.name}".lstrip(".") for alias in node.names]
        else:
            continue
        found |= {name if name in modules() else name.rpartition(".")[0] for name in names}
    return frozenset(found & modules().keys())


def unit(module: str) -> str:
    """The package, or the module beside the packages, as ``benchmark.search`` or ``leaderboard.rows``."""
    return ".".join(module.split(".")[:2])


def cycles(graph: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Sets of nodes that can be reached from each other."""
    reached = {node: _reachable(graph, node) for node in graph}
    left = set(graph)
    while left:
        node = min(left)
        ring = {other for other in reached[node] if node in reached.get(other, ())}
        left -= ring | {node}
        if ring - {node} or node in graph[node]:
            yield sorted(ring | {node})


def _reachable(graph: Mapping[str, Iterable[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += graph.get(node, ())
    return found


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("benchmark.")])
def test_the_engine_imports_from_the_left_only(module: str) -> None:
    mine = ORDER.index(module.split(".")[1])
    if ORDER[mine] == "cli":
        return
    for other in imported(module):
        folder, _, rest = other.partition(".")
        assert folder == "benchmark", f"{module} imports {other}"
        if rest:
            assert ORDER.index(rest.split(".")[0]) <= mine, f"{module} imports {other}"


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("api.")])
def test_the_python_interface_never_imports_the_command_line(module: str) -> None:
    for other in imported(module):
        assert other.split(".")[0] in ("api", *FOR_API), f"{module} imports {other}"
        assert not other.startswith("benchmark.cli"), f"{module} imports {other}"


@pytest.mark.parametrize("module", [name for name in modules() if not name.startswith(("api", "benchmark"))])
def test_plugins_and_board_import_what_they_may(module: str) -> None:
    folder = module.split(".")[0]
    for other in imported(module):
        if other.startswith("benchmark"):
            below = other.partition(".")[2]
            permitted = FROM_ENGINE[folder] | BESIDES.get(module, set())
            assert any(f"{below}.".startswith(f"{allowed}.") for allowed in permitted), f"{module} imports {other}"
        else:
            assert other.split(".")[0] == folder, f"{module} imports {other}"


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("datasets.")])
def test_packages_of_datasets_import_what_they_may(module: str) -> None:
    package = module.split(".")[1]
    allowed = AMONG_DATASETS.get(
        package, {*modules()} and {"copies", "grouping", *(m.split(".")[1] for m in modules() if m.count(".") == 1)}
    )
    for other in imported(module):
        if other.startswith("datasets."):
            assert other.split(".")[1] in allowed, f"{module} imports {other}"


def test_no_files_import_each_other_in_a_ring() -> None:
    assert list(cycles({module: imported(module) - {module} for module in modules()})) == []


def test_no_packages_import_each_other_in_a_ring() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        graph[unit(module)] |= {unit(other) for other in imported(module)} - {unit(module)}
    assert list(cycles(graph)) == []


def test_the_engine_shows_few_files() -> None:
    files = [path.name for path in (ROOT / "benchmark").glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MOST_FILES, files
    assert {path.removesuffix(".py") for path in files} <= set(ORDER)


def test_a_ring_would_be_seen() -> None:
    assert list(cycles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]})) == [["a", "b", "c"]]
    assert list(cycles({"a": ["b"], "b": []})) == []
