"""Documents: MLflow runs before they are sent, each complete in itself."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..store.files import nan_from_null
from ..store.folders import relocated, results_root

FOLDERS = ("artifacts", "model")  # fields of a document that name a folder


@dataclass(frozen=True)
class RunDocument:
    """
    An MLflow run, ready to be sent.

    Attributes
    ----------
    key : str
        Content name; a run with this key is never made twice.
    kind : {"study", "cell", "trial", "model", "evaluation", "spectra", "leaderboard"}
    name : str
        Title of the run in the MLflow UI.
    study, study_key : str
        Experiment, and key of the parent run at the top of the tree.
    parent : RunDocument or None
        Run above this one; it is opened first if the store does not have it.
    start, end : float
        Seconds since the epoch; an `end` of 0 leaves the run open.
    params, tags : dict of str to str
    metrics : dict of str to float
        NaN is kept; infinity is left out, as MLflow has no place for it.
    series : dict of str to list of (step, value)
        Metrics with a value at every step, for example an epoch.
    artifacts : str
        Folder whose content belongs to the run; empty for none.
    artifact_path : str or None
        Folder of the run that takes the artifacts; None for its top.
    inputs : tuple of (name, digest, context)
        Data sets.
    note : str
        Markdown that the MLflow UI shows on top of the run's page.
    model : str
        Folder of a model that the run made; it may lie in `artifacts`. Empty for none. A model without the file ``MLmodel``
        is described to MLflow by the sender.
    state : str
        Kept as a tag once the document has arrived whole; a document with another state is sent into the same run again.
    used : float
        Time at which a run had this result last, computed or taken from the records, in seconds since the epoch; 0 if that
        is not tracked. Of several variants of a row the board shows the one that was used last.
    """

    key: str
    kind: str
    name: str
    study: str
    study_key: str
    parent: "RunDocument | None" = None
    start: float = 0.0
    end: float = 0.0
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    artifacts: str = ""
    artifact_path: str | None = None
    inputs: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    model: str = ""
    state: str = "1"
    used: float = 0.0

    @property
    def only_used(self) -> bool:
        """True for a document that only updates the time of use of a run that the store already has."""
        return bool(self.used) and not self.end

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RunDocument":
        """Read the output of `to_json`, of this or an earlier version."""
        parent = data["parent"]
        series = nan_from_null(data.get("series", {}))
        converted = {
            "parent": cls.from_json(parent) if parent else None,
            "metrics": nan_from_null(data["metrics"]),
            "series": {name: [(step, value) for step, value in points] for name, points in series.items()},
            "inputs": tuple(tuple(entry) for entry in data["inputs"]),
            **{name: _present_folder(data.get(name, "")) for name in FOLDERS},
        }
        return cls(**{**data, **converted})

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON; folders of the results are relative to `results_root`, which may be moved."""
        return asdict(self) | {name: _relative_folder(getattr(self, name)) for name in FOLDERS}


def _relative_folder(folder: str) -> str:
    inside = folder and Path(folder).is_relative_to(results_root())
    return Path(folder).relative_to(results_root()).as_posix() if inside else folder


def _present_folder(folder: str) -> str:
    return str(relocated(results_root() / folder)) if folder else ""
