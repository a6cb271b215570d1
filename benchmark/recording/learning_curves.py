"""Learning curves of a model, drawn."""

from collections.abc import Sequence
from pathlib import Path

from ..contracts import Detector
from ..epochs import member_series
from ..store.files import atomic_path


def keep_curves(members: Sequence[Detector], path: Path, title: str) -> None:
    """Draw the series of a model's detectors as a PNG; nothing if they have none."""
    series = member_series(members)
    if series:
        from ..figures.plots import save_learning

        with atomic_path(path, durable=False) as temporary:
            save_learning(temporary, series, title)
