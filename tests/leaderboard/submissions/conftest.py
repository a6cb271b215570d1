"""A store with recorded rows, and submissions of their scores."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.results.scores import SCORE_SCHEMA
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.submissions.add import SubmissionReport, add_submission
from conftest import run, small_study
from made_submissions import PLAIN, Change, recorded_rows, write_meta, write_pictures


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a store with two studies, one of two draws; both are tested on ``mine`` and ``yours``."""
    root = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(root / "home"))
        patch.setenv("BANDBENCH_CACHE", str(root / "cache"))
        folders = {name: write_pictures(root / name, first) for name, first in (("mine", 0), ("yours", 500))}
        both: dict[str, Any] = {"test": ["mine", "yours"], **PLAIN}
        run(small_study(detectors=["spectral_svm", "coin_flip"], **both), folders)
        run(small_study(name="double", seeds=2, detectors=["spectral_logreg"], **both), folders)
        uri = default_tracking_uri()
    yield uri


@pytest.fixture
def bring(tmp_path: Path, store: str) -> Callable[..., SubmissionReport]:
    """Adds the recorded scores of a detector, changed."""

    def bring(change: Change | None = None, uri: str = store, replace: bool = False, **meta: Any) -> SubmissionReport:
        rows = recorded_rows(uri if uri == store else store)
        rows = rows if change is None else change(rows) or rows
        scores = tmp_path / "scores.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), scores)
        return add_submission(write_meta(tmp_path, **meta), [scores], uri, RegisteredDomains(), replace)

    return bring
