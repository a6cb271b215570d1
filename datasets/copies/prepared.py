"""
Folders that ``bench data prepare`` has written: their manifest, records and crops.

A prepared folder holds ``manifest.json`` (data set, settings, what was found), ``crops/<source>/`` with the crops of one source
and its ``source.json``, ``index.parquet`` (all crops in one table) and contact sheets. A source's folder appears when it is
whole, so a kill leaves nothing half done; one manifest has one set of settings, so crops that were made differently never mix.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...benchmark.errors import DataError
from ...benchmark.store.files import atomic_path, digest, read_file, read_json, write_json
from ...benchmark.store.folders import results_root
from .losses import Losses
from .settings import FORMAT, Settings

if TYPE_CHECKING:
    import pyarrow as pa


MANIFEST, INDEX, SOURCE = "manifest.json", "index.parquet", "source.json"
PROBLEMS, LOCK, WORK = "problems.csv", ".lock", ".work"
OK, NO_FACE, ERROR = "ok", "no_face", "error"
LEFT = ""  # status of a source without a record
ROWS_PER_GROUP = 1000  # of the index; what is in memory at a time while it is written


@dataclass(frozen=True)
class Origin:
    """
    The copy that crops are made from.

    Attributes
    ----------
    dataset : str
    root : Path
    options : dict of str to object
        Parameters of the data set that change its survey.
    """

    dataset: str
    root: Path
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        options = {name: value if isinstance(value, bool | int | float) else str(value) for name, value in self.options.items()}
        return {"dataset": self.dataset, "root": str(self.root.resolve()), "options": options}

    @property
    def key(self) -> str:
        """Name by which its preparations are found."""
        return f"{self.dataset}-{digest(self.as_dict())[:8]}"


@dataclass(frozen=True, slots=True)
class Crop:
    """
    One crop of a source.

    Attributes
    ----------
    file : str
        Name in the source's folder.
    frame : int
        Number of the frame in its clip; 0 for a still.
    seconds : float
        From the beginning of the clip.
    box : tuple of int
        (left, top, width, height) in the frame, as cut out.
    confidence : float
        Confidence of the face; NaN if the finder gives none.
    landmarks : tuple of float
        x and y of right eye, left eye, nose, right and left corner of the mouth, in the crop; empty if unknown.
    sha256 : str
        SHA-256 of the file.
    rows, cols : int
        Size of the crop, in pixels.
    """

    file: str
    frame: int
    seconds: float
    box: tuple[int, int, int, int]
    confidence: float
    landmarks: tuple[float, ...]
    sha256: str
    rows: int
    cols: int


@dataclass(frozen=True)
class SourceRecord:
    """
    The result of preparing one source.

    Attributes
    ----------
    id : str
    status : {"ok", "no_face", "error"}
    detail : str
        Reason why there is no crop, or fewer than requested.
    bytes, modified : int
        Size and time (ns) of the file when it was read: whether it has changed since.
    n_frames : int
        Frames that were looked at.
    crops : tuple of Crop
    """

    id: str
    status: str
    detail: str = ""
    bytes: int = 0
    modified: int = 0
    n_frames: int = 0
    crops: tuple[Crop, ...] = field(default=())

    @property
    def losses(self) -> Losses:
        """Frames that were looked at, and those that gave no crop."""
        return Losses(self.n_frames, self.n_frames - len(self.crops))

    @classmethod
    def from_dict(cls, known: dict[str, Any]) -> "SourceRecord":
        """Read a record that went through `dataclasses.asdict` and JSON."""
        crops = [
            Crop(**{**c, "box": tuple(c["box"]), "landmarks": tuple(c["landmarks"]), "confidence": _number(c["confidence"])})
            for c in known["crops"]
        ]
        return cls(**{**known, "crops": tuple(crops)})


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


class Preparation:
    """
    A folder that was prepared.

    Parameters
    ----------
    folder : Path
    manifest : dict
        Its ``manifest.json``.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def at(cls, folder: Path) -> "Preparation | None":
        """Return the preparation in a folder, or None if it is something else."""
        manifest = read_json(folder / MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("made_by") != "bench data prepare":
            return None
        if manifest["format"] != FORMAT:
            raise DataError(f"{folder} was prepared by another version (format {manifest['format']}); prepare it again.")
        return cls(folder, manifest)

    @classmethod
    def check(cls, folder: Path, origin: Origin, version: int, settings: Settings) -> "Preparation | None":
        """
        Return the preparation in a folder, if it can be continued; None if the folder is empty.

        Parameters
        ----------
        folder : Path
        origin : Origin
        version : int
            Version of the data set's adapter.
        settings : Settings

        Raises
        ------
        DataError
            If the folder holds something else, or was prepared from something else or with other settings; differences are
            named.
        """
        existing = cls.at(folder)
        if not existing:
            if folder.exists() and not (folder.is_dir() and all(child.name == LOCK for child in folder.iterdir())):
                raise DataError(f"{folder} holds something else already; give an empty or a new folder with --out.")
            return None
        differences = list(_differences(existing.manifest, _shared_facts(origin, version, settings)))
        if differences:
            raise DataError(
                f"{folder} was prepared in another way ({'; '.join(differences)}); crops that are made differently are not "
                f"mixed: give another folder with --out, or delete this one."
            )
        return existing

    @classmethod
    def create(
        cls, folder: Path, origin: Origin, version: int, settings: Settings, survey: dict[str, Any], **facts: Any
    ) -> "Preparation":
        """
        Begin or continue a prepared folder.

        Parameters
        ----------
        folder, origin, version, settings
            As in `check`.
        survey : dict
            Survey of the copy (`Survey.as_dict`).
        **facts
            Further entries of the manifest: ``command``, which continues the preparation, and ``made_with``.

        Raises
        ------
        DataError
            As `check`.
        """
        cls.check(folder, origin, version, settings)
        about = {"made_by": "bench data prepare", "format": FORMAT, **_shared_facts(origin, version, settings)}
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / MANIFEST, about | facts | {"survey": survey})
        return cls(folder, about | facts | {"survey": survey})

    @property
    def dataset(self) -> str:
        return self.manifest["dataset"]

    @property
    def survey(self) -> dict[str, Any]:
        """The survey of the copy at the time of preparation, as `Survey.as_dict`."""
        return self.manifest["survey"]

    @property
    def settings(self) -> Settings:
        return Settings(**self.manifest["settings"])

    @property
    def settings_text(self) -> str:
        """Settings in a line, for people and rows."""
        return self.settings.text

    # --- records -----------------------------------------------------------------------------------------------------

    def source_folder(self, source_id: str) -> Path:
        """Return the folder of a source's crops."""
        return self.folder / "crops" / source_id

    def record(self, source_id: str) -> SourceRecord | None:
        """Read the record of a source; None if it has not been prepared yet."""
        content = read_json(self.source_folder(source_id) / SOURCE)
        return SourceRecord.from_dict(content) if content else None

    def iter_records(self) -> Iterator[SourceRecord]:
        """Yield the records of all prepared sources, in the order of their ids; reads one small file each."""
        for source in self.survey["sources"]:
            record = self.record(source["id"])
            if record:
                yield record

    def write_index(self) -> None:
        """Gather all records into one table, which readers use."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema, records = _index_schema(), self.iter_records()
        with atomic_path(self.folder / INDEX) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            while rows := [asdict(record) for record in islice(records, ROWS_PER_GROUP)]:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        self.__dict__.pop("index", None)

    def iter_problems(self) -> Iterator[tuple[str, str, str]]:
        """Yield id, status and detail of all sources in the table that have a detail."""
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.folder / INDEX) as table:
            for batch in table.iter_batches(ROWS_PER_GROUP, columns=["id", "status", "detail"]):
                yield from ((row["id"], row["status"], row["detail"]) for row in batch.to_pylist() if row["detail"])

    def drop_index(self) -> None:
        """Delete the table, because the records are about to change."""
        (self.folder / INDEX).unlink(missing_ok=True)
        self.__dict__.pop("index", None)

    @cached_property
    def index(self) -> dict[str, SourceRecord]:
        """
        Records by source id.

        Raises
        ------
        DataError
            If the preparation never came to an end, not even a first.
        """
        import pyarrow.parquet as pq

        path = self.folder / INDEX
        if not path.exists():
            raise DataError(f"{self.folder} was prepared only in part; go on with: {self.command}")
        with pq.ParquetFile(path) as table:
            rows = (row for batch in table.iter_batches(ROWS_PER_GROUP) for row in batch.to_pylist())
            return {row["id"]: SourceRecord.from_dict(row) for row in rows}

    @property
    def command(self) -> str:
        """The command that continues the preparation."""
        return self.manifest["command"]

    @property
    def gaps(self) -> list[str]:
        """The sources without crops, for a row: those not prepared yet, without a face, or not decodable."""
        return self.gaps_of([source["id"] for source in self.survey["sources"]])

    def gaps_of(self, ids: Sequence[str]) -> list[str]:
        """Return the numbers of some sources without crops, a line per reason."""
        counts = Counter(self.index[name].status if name in self.index else LEFT for name in ids)
        reasons = {LEFT: "not prepared yet", NO_FACE: "without a face", ERROR: "not decodable"}
        return [f"{counts[status]} of {len(ids)} sources {what}" for status, what in reasons.items() if counts[status]]

    # --- crops -------------------------------------------------------------------------------------------------------

    def read(self, item_id: str) -> bytes:
        """
        Return the bytes of a crop.

        Raises
        ------
        DataError, OSError
            If there is none.
        """
        path = self.folder / "crops" / item_id
        if not path.resolve().is_relative_to((self.folder / "crops").resolve()):
            raise DataError(f"{item_id} is no crop of {self.folder}.")
        return read_file(path)


def _shared_facts(origin: Origin, version: int, settings: Settings) -> dict[str, Any]:
    """Return the facts that all crops of one folder share, by which a manifest is compared."""
    return {**origin.as_dict(), "version": version, "settings": asdict(settings)}


def _differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the entries in which two manifests differ, those of settings and options separately."""
    for name, value in now.items():
        before = there.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            yield from _differences(dict.fromkeys(value) | before, dict.fromkeys(before) | value)
        elif before != value:
            yield f"{name}={before} there, {name}={value} now"


def default_folder(origin: Origin, settings: Settings) -> Path:
    """Return the default folder of a preparation: one per data set, root and settings."""
    return _preparations() / f"{origin.key}-{settings.digest}"


def note_place(origin: Origin, settings: Settings, folder: Path) -> None:
    """Note the folder of a preparation that is not the default one, so that it is found from its root."""
    usual = default_folder(origin, settings)
    if folder.resolve() != usual.resolve():
        write_json(usual.with_name(f"{usual.name}.json"), {"folder": str(folder.resolve())})


def find_preparations(origin: Origin) -> list[Preparation]:
    """Find all preparations of a data set's root, in any folder, sorted by folder."""
    preparations = []
    for place in sorted(_preparations().glob(f"{origin.key}-*")):
        folder = place
        if place.suffix == ".json":
            folder = Path((read_json(place) or {}).get("folder") or place)
        preparation = Preparation.at(folder) if folder.is_dir() else None
        if preparation and preparation.dataset == origin.dataset:
            preparations.append(preparation)
    return preparations


def has_preparations(dataset: str, root: Path) -> bool:
    """Return whether crops were prepared from a root as a data set, with any parameters."""
    text = str(root.resolve())
    for place in _preparations().glob(f"{dataset}-*"):
        folder = Path((read_json(place) or {}).get("folder") or place) if place.suffix == ".json" else place
        if (read_json(folder / MANIFEST) or {}).get("root") == text:
            return True
    return False


def _preparations() -> Path:
    return results_root() / "prepared"


def _index_schema() -> "pa.Schema":
    import pyarrow as pa

    crop = pa.struct(
        [
            ("file", pa.string()),
            ("frame", pa.int64()),
            ("seconds", pa.float64()),
            ("box", pa.list_(pa.int64())),
            ("confidence", pa.float64()),
            ("landmarks", pa.list_(pa.float64())),
            ("sha256", pa.string()),
            ("rows", pa.int64()),
            ("cols", pa.int64()),
        ]
    )
    return pa.schema(
        [
            ("id", pa.string()),
            ("status", pa.string()),
            ("detail", pa.string()),
            ("bytes", pa.int64()),
            ("modified", pa.int64()),
            ("n_frames", pa.int64()),
            ("crops", pa.list_(crop)),
        ]
    )
