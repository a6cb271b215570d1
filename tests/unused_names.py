"""
``make check``: refuse code that nothing reaches.

vulture reads the packages without the tests: what only a test calls is unreachable, too. A name that is used where vulture
cannot see it has its reason here; an entry that is needed no more is refused as well.
"""

import ast
import sys
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "benchmark", "datasets", "detectors", "leaderboard", "studies")
# Found in their folders by the registries, as every class there that has a name.
PLUGINS = ("benchmark/views", "datasets", "detectors")
DECORATORS = [
    "@*.command",
    "@*.callback",
    "@model_validator",
    "@field_validator",
    "@model_serializer",
]  # called by Typer and pydantic
REASONS = {
    "pdf": "value of an option, which Typer reads",
    "View": "name of Features in detectors of other packages that were written before",
    "score_file": "TrainedModel, for programs that want scores and no verdicts",
    "paired_interval": "the page computes it in JavaScript, and tests hold the page to it",
    "_render_traceback_": "called by IPython",
    "unraisablehook": "called by Python",
    "__test__": "read by pytest",
    "__signature__": "read by Typer",
    "__annotations__": "read by Typer",
    "model_config": "read by pydantic; a parameter that MLflow passes",
    "yaml_implicit_resolvers": "read by PyYAML",
    "thread_count": "read by PyAV",
    "pix_fmt": "read by PyAV",
    "intra_op_num_threads": "read by ONNX Runtime",
    "log_severity_level": "read by ONNX Runtime",
    "hidden_act": "read by transformers",
    "auc_se": "field of cell.json",
    "n_real_groups": "field of mmd.json",
    "n_fake_groups": "field of mmd.json",
    "identities": "field of the doctor's JSON",
    "run_scores": "field of a submission's verification",
    "contact": "field of a submission's statements",
    "worst_auc_lo": "column, read by name",
    "worst_auc_hi": "column, read by name",
    "gap_lo": "column, read by name",
    "gap_hi": "column, read by name",
    "reals_spread": "column, read by name",
    "worst_reals": "column, read by name",
}


def plugin_names() -> set[str]:
    """Return the classes with a name in the folders of plugins."""
    files = [path for folder in PLUGINS for path in (ROOT / folder).glob("*.py")]
    return {node.name for path in files for node in ast.parse(path.read_text(encoding="utf-8")).body if _is_plugin(node)}


def _is_plugin(node: ast.stmt) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    targets = [line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None) for line in node.body]
    return any(isinstance(target, ast.Name) and target.id == "name" for target in targets)


def python_names() -> set[str]:
    """Return the names of the Python interface: those that the facade exports, and public methods of the classes in `api`."""
    stub = ast.parse((ROOT / "bandbench" / "__init__.pyi").read_text(encoding="utf-8"))
    exported = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "api").glob("*.py")]
    bodies = [node.body for tree in trees for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    methods = {line.name for body in bodies for line in body if isinstance(line, ast.FunctionDef)}
    return exported | methods


def command_names() -> set[str]:
    """Return the functions that a table of commands names (`Entry`): the modules are imported when they are called."""
    calls = [
        node
        for path in (ROOT / "benchmark" / "cli").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Entry"
    ]
    return {call.args[1].value for call in calls if isinstance(call.args[1], ast.Constant)}


def unreached(reasons: dict[str, str] = REASONS) -> list[str]:
    """Return a line for each name that nothing uses and that has no reason, and for each reason that is needed no more."""
    finder = Vulture(ignore_decorators=DECORATORS)
    finder.scavenge([str(ROOT / package) for package in PACKAGES])
    # Unused imports are ruff's: it knows names in quoted annotations.
    unused = [item for item in finder.get_unused_code() if item.typ != "import"]
    reached = plugin_names() | command_names() | python_names()
    lines = [item.get_report() for item in unused if item.name not in reasons and item.name not in reached]
    stale = sorted(set(reasons) - {item.name for item in unused})
    return [*lines, *(f"{Path(__file__).name}: {name} is used; delete its entry" for name in stale)]


if __name__ == "__main__":
    lines = unreached()
    print("\n".join(lines))
    sys.exit(bool(lines))
