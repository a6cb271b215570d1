"""Study files: what is crossed and which space is searched; read strictly, with errors that name the line."""

import shlex
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from ..domains.names import POOL_MARK
from ..domains.releases import Release
from ..errors import SURROGATE, DataError, StudyError, has_surrogate, unknown_name
from ..frequency.bands import COMB_KINDS, KINDS, MAX_CUTOFF, MAX_FREQUENCY, Band, CombKind
from ..frequency.combs import HALFWIDTH, Points, searched_halfwidth
from ..frequency.modes import MODES, Mode
from ..invocation import bench
from ..metrics.clips import ClipRule
from ..pictures.crops import CropSpec
from ..pictures.perturbations import canonical
from ..registry import ROOT_PACKAGE
from ..store.mistakes import mistake_text, real_mistakes, shown
from ..store.yaml_text import read_yaml
from ..tracking.names import MARK
from .protocols import PoolRule, Protocol

SUFFIXES = (".yaml", ".yml")
MOST_NAME = 80  # characters
MOST_BANDS = 10_000  # of a sweep, for each kind; a spectrum of a crop of 1,000 pixels has 700 rings
EXACT = 1e12  # numbers up to which are written out in messages
MOST_TRIALS = 100_000  # of a cell
SURROGATES = f"a text with {SURROGATE}."
MOST_MISTAKES = 10  # of a file that are shown
ENDS = ("low", "high")  # keys of a band that is a stretch of the frequency axis
LATTICE = ("period", "halfwidth", "points")  # keys of a comb


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectorEntry(_Strict):
    """A detector of a study: its name (``name`` or ``name/preset``) and parameters; an optional one may lack its extra."""

    name: str = Field(description="Name of a detector, NAME/PRESET, file.py:Class or module:Class.")
    params: dict[str, Any] = Field(default={}, description="Parameters of the detector by name.")
    optional: bool = Field(default=False, description="Leave the detector out, with a note, where its extra is missing.")


class BandEntry(_Strict):
    """A band that is scored on every test domain besides the chosen one: by its points of gain 1/2, or as a comb."""

    kind: Literal["low", "high", "band", "stop", "comb", "anticomb"] = Field(description="Shape of the filter.")
    low: float = Field(default=0.0, ge=0, le=MAX_CUTOFF, description="Lower point of gain 1/2, in cycles/pixel.")
    high: float = Field(default=MAX_FREQUENCY, gt=0, le=MAX_CUTOFF, description="Upper point of gain 1/2, in cycles/pixel.")
    order: int = Field(default=1, description="Order of the Butterworth filter; without effect in mode keep.")
    mode: Mode | None = Field(default=None, description="Mode of this band; null: that of the study.")
    period: int | None = Field(default=None, description="Of the lattice of a comb or anticomb, in pixels.")
    halfwidth: float = Field(default=HALFWIDTH, description="Distance from a lattice point with gain 1/2, in cycles/pixel.")
    points: Points = Field(default="all", description="Points of the lattice that count: all, axes or corners.")

    @model_validator(mode="after")
    def _possible(self) -> "BandEntry":
        is_comb = self.kind in COMB_KINDS
        foreign = ENDS if is_comb else LATTICE
        given = [name for name in foreign if name in self.model_fields_set]
        if given:
            own = "period, halfwidth and points" if is_comb else "low and high"
            raise ValueError(f"a band of kind {self.kind} has the keys {own}, and not {' or '.join(given)}.")
        # `high` has a default, the corner; a low pass there keeps everything and was not meant.
        if self.kind == "low" and "high" not in self.model_fields_set:
            raise ValueError("a low band is bounded by the key high, its cut-off in cycles/pixel, which is missing.")
        self.require("pixels")  # which takes all that a mode takes; the study's own is not known here
        return self

    def require(self, mode: Mode) -> None:
        """Raise a ValueError, which the study's reader turns into a line of its file, for a band that there is not."""
        try:
            self.band(mode)
        except StudyError as error:
            raise ValueError(str(error)) from error

    def band(self, mode: Mode) -> Band:
        """Make the band; `mode` is the study's, taken unless the entry has its own."""
        options: dict[str, Any] = {"order": self.order, "mode": self.mode or mode}
        if self.kind in COMB_KINDS:
            return Band(self.kind, period=self.period or 0, halfwidth=self.halfwidth, points=self.points, **options)
        if self.kind == "low":
            return Band("low", self.high, **options)
        if self.kind == "high":
            return Band("high", self.low, **options)
        return Band.between(self.low, self.high, self.kind, **options)

    @model_serializer(mode="wrap")
    def _own_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write the keys that the kind has: digests of settings without combs are those of studies before there were any."""
        return {k: v for k, v in write(self).items() if k not in (ENDS if self.kind in COMB_KINDS else LATTICE)}


class Sweep(_Strict):
    """
    Narrow bands over the whole axis, in cycles/pixel.

    One of kind ``band`` is all that is left, one of kind ``stop`` is what is taken out.
    """

    width: float = Field(default=0.03, gt=0, le=0.35, description="Width of a band, in cycles/pixel.")
    step: float = Field(default=0.015, gt=0, le=0.35, description="Distance of neighbouring bands, in cycles/pixel.")
    order: int = Field(default=10, ge=1, le=20, description="Order of the Butterworth filter.")
    kinds: tuple[Literal["band", "stop"], ...] = Field(
        default=("band",), min_length=1, description="band keeps each narrow band alone, stop removes it."
    )

    @model_validator(mode="after")
    def _no_gaps(self) -> "Sweep":
        if self.step > self.width:
            raise ValueError(f"step {self.step:g} is wider than width {self.width:g} and would leave gaps on the axis.")
        if (n_steps := self._steps + 1) > MOST_BANDS:  # it may be infinite, as some steps are hardly above zero
            made = f"{n_steps:,.0f}" if n_steps < EXACT else f"{n_steps:.0e}"
            raise ValueError(f"step {self.step:g} makes {made} bands, more than {MOST_BANDS:,}; choose a wider one.")
        return self

    @property
    def _steps(self) -> float:
        return (MAX_FREQUENCY - self.width) / self.step + 1e-9

    @property
    def _n_steps(self) -> int:
        return int(self._steps) + 1

    def bands(self, mode: Mode) -> list[Band]:
        """All bands, kind by kind in ascending order; the last one ends at or before the corner of the spectrum."""
        lows = [round(i * self.step, 9) for i in range(self._n_steps)]
        options: dict[str, Any] = {"order": self.order, "mode": mode}
        return [Band.between(low, low + self.width, kind, **options) for kind in dict.fromkeys(self.kinds) for low in lows]


Range = tuple[float, float]


class Search(_Strict):
    """Space and budget of the Optuna search of each cell."""

    trials: int = Field(default=24, ge=0, le=MOST_TRIALS, description="Bands that the search tries in each cell.")
    batch: int = Field(
        default=4, ge=1, le=1000, description="Trials asked for at once; fixed, so that workers do not change the search."
    )
    kinds: tuple[Literal["low", "high", "band", "stop", "comb", "anticomb"], ...] = Field(
        default=("low", "high", "band", "stop"), description="Kinds of bands that are tried."
    )
    cutoff: Range = Field(default=(0.03, 0.66), description="Cut-off, or centre of a band or stop, in cycles/pixel.")
    width: Range = Field(default=(0.03, 0.40), description="Width of a band or stop, in cycles/pixel.")
    order: tuple[int, int] = Field(default=(1, 10), description="Order of the Butterworth filter; not searched in mode keep.")
    period: tuple[Annotated[int, Field(ge=2)], ...] = Field(default=(2, 4, 8, 16), description="Of combs, in pixels.")
    halfwidth: Range = Field(default=(0.01, 0.04), description="Of combs, in cycles/pixel.")

    @model_validator(mode="after")
    def _possible(self) -> "Search":
        if not self.kinds:
            raise ValueError(f"kinds is empty; wanted some of {', '.join(KINDS[1:])}.")
        for name, (low, high), limit in (("cutoff", self.cutoff, MAX_FREQUENCY), ("width", self.width, MAX_FREQUENCY)):
            if not 0 < low < high < limit:
                raise ValueError(f"{name} needs 0 < low < high < {limit:.3f} cycles/pixel, got [{low:g}, {high:g}].")
        if not 1 <= self.order[0] <= self.order[1] <= 20:
            raise ValueError(f"order needs 1 <= low <= high <= 20, got {list(self.order)}.")
        if not self.period:
            raise ValueError("period is empty; wanted periods in pixels, as [2, 4, 8, 16].")
        low, high = self.halfwidth
        if not 0 < low < high < 0.25:
            raise ValueError(f"halfwidth needs 0 < low < high < 0.25 cycles/pixel, got [{low:g}, {high:g}].")
        return self

    @property
    def has_combs(self) -> bool:
        """True if combs or anticombs are searched."""
        return any(kind in COMB_KINDS for kind in self.kinds)

    @property
    def has_radial(self) -> bool:
        """True if bands that are stretches of the frequency axis are searched."""
        return any(kind not in COMB_KINDS for kind in self.kinds)

    def combs(self, mode: Mode) -> list[Band]:
        """Return the narrowest combs that the search may try, one for each kind and period."""
        kinds: list[CombKind] = [kind for kind in COMB_KINDS if kind in self.kinds]
        return [
            Band(kind, period=period, halfwidth=searched_halfwidth(self.halfwidth[0], period), mode=mode)
            for kind in kinds
            for period in dict.fromkeys(self.period)
        ]

    @model_serializer(mode="wrap")
    def _own_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write the keys of combs where they are searched: other searches keep the digests of their settings."""
        return {k: v for k, v in write(self).items() if self.has_combs or k not in LATTICE}


class Discrepancy(_Strict):
    """Settings of the discrepancy between sets of test pictures in the embeddings of the study's detectors; see `mmd`."""

    permutations: int = Field(default=199, ge=0, le=100_000, description="Permutations for the p-value; 0: no p-value.")
    limit: int = Field(default=500, ge=4, description="Pictures of each set at most.")


def _detector_entry(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _training(value: Any) -> Any:
    """Return a pool, which is a list in the file, as a name; one data set is named twice, so that it stays a pool."""
    if not isinstance(value, list | tuple):
        return value
    if not value or not all(isinstance(name, str) for name in value):
        raise ValueError(f"a pool is a list of names of domains, got {value!r}")
    return POOL_MARK.join(value if len(value) > 1 else [*value, *value])


def _date(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):  # a year
        value = str(value)
    if isinstance(value, str):
        Release.parse(value)
    return value


def _chain(text: str) -> str:
    try:
        return canonical(text)
    except StudyError as error:
        raise ValueError(str(error)) from error


class CropEntry(_Strict):
    """Windows that are cut out of a picture; see `CropSpec`."""

    side: int = Field(default=128, ge=16, le=4096, description="Side of the square window, in pixels.")
    placement: Literal["centre", "tiles"] = Field(
        default="centre", description="One window in the centre, or several whose scores are averaged."
    )
    tiles: int = Field(default=4, ge=1, le=4096, description="Number of windows where placement is tiles.")

    def spec(self) -> CropSpec:
        """Return the record that the engine takes."""
        return CropSpec(self.side, self.placement, self.tiles)


def _encodable(text: str) -> str:
    """Refuse half of a surrogate pair, which no file and no database takes."""
    if has_surrogate(text):
        raise ValueError(SURROGATES)
    return text


class Study(_Strict):
    """A whole study; every key but `name`, `detectors`, `train` and `test` has a default."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(~[A-Za-z0-9_.,=-]+)*$", max_length=MOST_NAME, description="Name of the board."
    )
    description: Annotated[str, AfterValidator(_encodable)] = Field(default="", description="One line for the list of studies.")
    needs: str = Field(default="", description="What one has to have for it beyond the base installation; for people.")
    detectors: tuple[Annotated[DetectorEntry, BeforeValidator(_detector_entry)], ...] = Field(
        min_length=1, description="Names of detectors, or mappings with a name and parameters."
    )
    train: tuple[Annotated[str, BeforeValidator(_training)], ...] = Field(
        min_length=1, description="Domains; a list among them is a pool, which is one training."
    )
    test: tuple[str, ...] = Field(min_length=1, description="Domains; the name of a data set means all its domains.")
    reals: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), description="Data sets, domains or folders whose test reals every test domain's fakes are set against, too."
    )
    perturbations: tuple[Annotated[str, AfterValidator(_chain)], ...] = Field(
        default=(), description="Every test domain is scored as it is and under each of them."
    )
    protocol: Protocol = Field(default=Protocol.ALL_PAIRS, description="Domains that are trained on, and those that count.")
    pool: PoolRule = Field(default=PoolRule.BALANCED, description="Pictures that a pool takes of each of its domains.")
    shots: tuple[Annotated[int, Field(ge=0, le=10_000)], ...] = Field(
        default=(0,), min_length=1, description="Pictures per class of each test domain that are added to training."
    )
    dates: dict[str, Annotated[str, BeforeValidator(_date)]] = Field(
        default={}, description="Release dates by domain or data set, for later_only."
    )
    seeds: int = Field(default=3, ge=1, le=100, description="Draws of training and validation items; the test split stays.")
    seed: int = Field(default=0, ge=0, le=2**31, description="Seed of all random draws; it fixes the test pictures.")
    mode: Mode = Field(default="keep", description="How a band acts: keep, reweight or pixels.")
    crop: CropEntry = Field(default=CropEntry(), description="Window that is cut out of a picture.")
    sweep: Sweep | None = Field(default=Sweep(), description="Narrow bands over the whole axis; null: no sweep.")
    search: Search = Field(default=Search(), description="Bands that the search of each cell tries.")
    bands: tuple[BandEntry, ...] = Field(default=(), description="Bands with a row of their own, beside the chosen one.")
    clips: ClipRule = Field(default=ClipRule.MEAN, description="How the scores of a clip's frames become one.")
    oracle: bool = Field(default=True, description="Score every evaluated band on the test domains, too.")
    drop_leaks: bool = Field(
        default=False, description="Leave out of training what shares a clip or an identity with held-out pictures."
    )
    controls: bool = Field(
        default=True, description="Each training domain gets the controls file_facts and permuted_labels, with all frequencies."
    )
    allow_lookalikes: bool = Field(
        default=False,
        description="Keep test pictures that look like training pictures; else they are grouped with those, or left out.",
    )
    mmd: Discrepancy | None = Field(default=None, description="Compute the discrepancy of sets of embeddings; null: none.")
    keep_models: bool = Field(default=True, description="The chosen model of each cell is kept and can be served.")
    bootstrap: int = Field(default=1000, ge=100, le=100_000, description="Bootstrap samples for intervals of detection rates.")
    datasets: dict[str, dict[str, Any]] = Field(default={}, description="Constructor parameters by data set name.")

    @field_validator("bands")
    @classmethod
    def _bands_of_its_mode(cls, bands: tuple[BandEntry, ...], info: ValidationInfo) -> tuple[BandEntry, ...]:
        for entry in bands if "mode" in info.data else ():
            entry.require(info.data["mode"])
        return bands

    @property
    def combs(self) -> list[Band]:
        """Combs and anticombs of the study, fixed or searched; of those that are searched, the narrowest."""
        fixed = [entry.band(self.mode) for entry in self.bands]
        searched = self.search.combs(self.mode) if self.search.trials else []
        return [band for band in dict.fromkeys([*fixed, *searched]) if band.is_comb]

    @property
    def sweep_bands(self) -> list[Band]:
        """
        Narrow bands of the sweep, kind by kind, ascending.

        In mode ``keep`` even where the search reweights, because reweighting takes nothing away and so locates nothing.
        """
        if self.sweep is None:
            return []
        return self.sweep.bands(MODES[self.mode].sweep)


def all_pass_only(study: Study) -> Study:
    """Return a study without any band but all frequencies: no sweep, no search, no fixed bands, no oracle."""
    search = study.search.model_copy(update={"trials": 0})
    return study.model_copy(update={"sweep": None, "search": search, "bands": (), "oracle": False})


def shipped_studies() -> dict[str, Path]:
    """Return the study files of this package by name."""
    folder = Path(str(resources.files(f"{ROOT_PACKAGE}.studies")))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_study(reference: str) -> Path:
    """
    Return the path of a study that is given by name or by path.

    Raises
    ------
    StudyError
        If there is none.
    """
    path = Path(reference).expanduser()
    if reference.endswith(SUFFIXES) or "/" in reference:
        if not path.is_file():
            raise StudyError(f"no study file {path.absolute()}; check the path.")
        return path
    shipped = shipped_studies()
    study, mark, _ = reference.partition(MARK)
    if mark:
        run = bench(f"run {study if study in shipped else 'FILE'}")
        raise StudyError(
            f"'{reference}' is a board and no study: `{bench(f'leaderboard --study {shlex.quote(reference)}')}` shows it, and "
            f"`{run}` writes to it with the options that it is named after."
        )
    if reference not in shipped:
        raise StudyError(unknown_name("study", reference, shipped) + " A file of your own is given by its path.")
    return shipped[reference]


def load_study(reference: str) -> Study:
    """
    Read a study.

    Parameters
    ----------
    reference : str
        Name of a shipped study, or path of a YAML file.

    Raises
    ------
    StudyError
        With the file, the line, what was wanted and what came.
    """
    path = find_study(reference)
    try:
        read = read_yaml(path)
    except DataError as error:
        raise StudyError(f"study file {error}") from error
    if not isinstance(read.node, yaml.MappingNode):
        raise StudyError(f"{path}: a study is a mapping of keys such as `name:` and `detectors:`.")
    node, data = read.node, read.data
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise StudyError(_lines([_explain(path, node, data, one) for one in real_mistakes(error.errors())])) from error


def study_from(keys: Mapping[str, Any]) -> Study:
    """
    Make a study of the keys of a study file.

    Raises
    ------
    StudyError
        With the key, what was wanted and what came.
    """
    try:
        return Study.model_validate(dict(keys))
    except ValidationError as error:
        raise StudyError(_lines([f"study: {_fault(one)}" for one in real_mistakes(error.errors())])) from error
    except UnicodeEncodeError as error:  # of pydantic, which writes the value into its own message
        raise StudyError(f"study: {error.object!a}: {SURROGATES}") from error


def override(study: Study, changes: dict[str, Any]) -> Study:
    """
    Return a study with some keys replaced (``search.trials`` reaches inside), validated again.

    Raises
    ------
    StudyError
        If a value is impossible.
    """
    data = study.model_dump(mode="json")
    for key, value in changes.items():
        target = data
        *parents, last = key.split(".")
        for parent in parents:
            target = target[parent]
        target[last] = value
    try:
        return Study.model_validate(data)
    except ValidationError as error:
        raise StudyError(_fault(real_mistakes(error.errors())[0])) from error


def _lines(mistakes: Sequence[str]) -> str:
    """Put each of the first mistakes on a line."""
    n_more = len(mistakes) - MOST_MISTAKES
    return "\n".join([*mistakes[:MOST_MISTAKES], *([f"and {n_more:,} more mistakes."] if n_more > 0 else [])])


def _explain(path: Path, node: yaml.Node, data: Any, error: Any) -> str:
    """One line per mistake: file, line, key, what was wanted, what came."""
    if error["type"] == "missing" and len(error["loc"]) == 1:  # of the whole file
        return f"{path}: {_fault(error)}"
    return f"{path}, line {_line_of(node, _place(error))}: {_fault(error)}"


def _fault(error: Any) -> str:
    """Describe a mistake: key, what was wanted, what came."""
    loc = _place(error)
    where = ".".join(map(str, loc))
    if error["type"] == "extra_forbidden":
        return unknown_name("key", str(loc[-1]), _known_keys(loc[:-1]))
    if error["type"] == "missing" and isinstance(loc[-1], int):  # of a list, which is the input
        return f"{'.'.join(map(str, loc[:-1]))}: wanted {loc[-1] + 1} or more entries, got {shown(error['input'])}."
    if error["type"] == "missing":
        return f"the key '{where}' is missing; add it."
    if loc[-1] == "[key]" or error["type"] == "invalid_key":
        mapping = loc[: -2 if loc[-1] == "[key]" else -1]
        return f"{'.'.join(map(str, mapping))}: wanted keys that are texts, got {shown(error['input'])}."
    return f"{where}: {_sentence(error)}"


def _place(error: Any) -> list[Any]:
    """Return the keys and positions that lead to a mistake."""
    return [part for part in error["loc"] if not str(part).startswith("function-")]


def _sentence(error: Any) -> str:
    if error["type"] == "string_pattern_mismatch":  # of the name, see `Study`
        rule = "a name holds letters, digits and the characters . _ - alone, and does not begin with a dot"
        return f"{rule}, got {shown(error['input'])}."
    if error["type"] == "model_type":
        keys = ", ".join(_known_keys(_place(error)))
        return f"wanted a mapping with some of the keys {keys}, got {shown(error['input'])}."
    return mistake_text(error)


def _known_keys(loc: list[Any]) -> list[str]:
    """Field names of the model at a place in the study."""
    model: Any = Study
    inner = {
        "detectors": DetectorEntry,
        "bands": BandEntry,
        "sweep": Sweep,
        "search": Search,
        "crop": CropEntry,
        "mmd": Discrepancy,
    }
    for part in loc:
        model = inner.get(part, model) if isinstance(part, str) else model
    return list(model.model_fields)


def _line_of(node: yaml.Node, loc: list[Any]) -> int:
    """Line (from 1) of the key or element at a place; of the nearest parent where it does not exist."""
    line = node.start_mark.line
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            match = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if match is None:
                break
            line, node = match[0].start_mark.line, match[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return line + 1
