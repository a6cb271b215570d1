"""What workers are forked from has imported our own plugins, and none of others."""

import subprocess
import sys

from bandbench.benchmark.workers import PRELOAD

PROGRAM = """
import sys
import bandbench.benchmark.search.preload
from bandbench.benchmark.registry import detectors
from bandbench.benchmark.views import views
before = set(sys.modules)
detectors.found, views.found
print([name for name in set(sys.modules) - before if name.startswith("bandbench.")])
print([name for name in ("mlflow", "optuna", "torch") if name in sys.modules])
"""


def test_registries_find_our_plugins_imported() -> None:
    """And no library of the tracking, the search or neural networks, which workers do without."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]


def test_workers_of_a_study_are_forked_from_it() -> None:
    assert "bandbench.benchmark.search.preload" in PRELOAD
