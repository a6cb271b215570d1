"""A store with recorded rows, for the Python interface to read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.tracking.store import default_tracking_uri
from conftest import run, small_study
from made_submissions import write_pictures


@pytest.fixture(scope="session")
def recorded_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """
    Address of a store with two studies that are tested on ``mine`` and ``yours``.

    ``small`` has two draws and two detectors, with a sweep and a fixed band; ``plain`` has one of each, and neither.
    """
    root = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(root / "home"))
        patch.setenv("BANDBENCH_CACHE", str(root / "cache"))
        folders: dict[str, Path] = {name: write_pictures(root / name, first) for name, first in (("mine", 0), ("yours", 500))}
        tests = ["mine", "yours"]
        sweep = {"width": 0.12, "step": 0.12, "kinds": ["band", "stop"]}
        changes: dict[str, Any] = {"test": tests, "search": {"trials": 0}}
        fixed = [{"kind": "low", "high": 0.3}]
        detectors = ["spectral_svm", "coin_flip"]
        run(small_study(detectors=detectors, sweep=sweep, bands=fixed, seeds=2, **changes), folders)
        run(small_study(name="plain", detectors=["spectral_logreg"], sweep=None, **changes), folders)
        uri = default_tracking_uri()
    yield uri
