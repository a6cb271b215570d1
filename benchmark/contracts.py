"""
The contracts of detectors and data sets, and the frozen records that travel between the parts.

Conventions held everywhere: ``real`` is 0, ``fake`` is 1, a higher score means *more fake*.
"""

import copy
import inspect
import sys
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from .errors import PluginError, unknown_name
from .invocation import extra_missing

REAL, FAKE = 0, 1
LABEL_NAMES = ("real", "fake")
Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
TRANSFORMS = ("pixels", "dct", "log_dct", "fft", "log_fft")
# Types of parameters that have bounds: values are held against them before any picture is read.
Positive = Annotated[float, Gt(0)]
NotNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Gt(0), Lt(1)]
Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0)]
Transform = Literal["pixels", "dct", "log_dct", "fft", "log_fft"]
FILE_MODULE = "bandbench_plugin_"  # start of the name of a module that was loaded from a file


@dataclass(frozen=True, slots=True)  # of a hundred thousand pictures, several for each
class Item:
    """
    One picture of a data set.

    Attributes
    ----------
    id : str
        Unique within the data set and stable between machines (a relative path, say).
    label : int
        0 real, 1 fake.
    split : {"train", "val", "test"}, "" or "reals"
        Empty in `Dataset.all_items` only, where no split could be drawn. The engine alone sets "reals" (`domains.names.REALS`).
    target, donor, video : str
        Identity shown, identity whose face was put in, clip; empty where unknown or meaningless.
    fingerprint : str
        Identifies the content without reading it, for pictures that are computed; empty for files, whose bytes are hashed.
    generator, compression : str
        What made a fake, and how the file was compressed before it was handed out; empty where unknown.
    unit : str
        Group that was declared or found by look-alikes; empty where at most identity and clip are known.
    """

    id: str
    label: int
    split: Split | Literal["", "reals"]
    target: str = ""
    donor: str = ""
    video: str = ""
    fingerprint: str = ""
    generator: str = ""
    compression: str = ""
    unit: str = ""

    @property
    def group(self) -> str:
        """Unit of resampling: the declared group, else the identity shown, else the clip, else the item itself."""
        return self.unit or self.target or self.video or self.id


@dataclass(frozen=True)
class ViewSpec:
    """
    Request of a detector for a view of the crops.

    Attributes
    ----------
    name : str
        ``profile`` (1-D radial), ``directional`` (rings and directions), ``dct``, ``fft``, ``pixels``, ``embedding`` and the
        other files of `benchmark/views/`, the name of another package's view, or a class as ``module:Class`` or
        ``file.py:Class``.
    options : dict
        Of that view, for example ``{"variant": "published", "n_features": 300}``.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, view: type, **options: Any) -> "ViewSpec":
        """
        Return the view of a class, which need not be registered anywhere.

        Parameters
        ----------
        view : type
            Subclass of `bandbench.benchmark.views.kernel.ViewKernel`, at the top of its module.
        **options
            Fields of the class.
        """
        module = sys.modules[view.__module__]
        place = module.__file__ if module.__name__.startswith(FILE_MODULE) else module.__name__
        return cls(f"{place}:{view.__qualname__}", options)

    @classmethod
    def of_transform(cls, transform: str, colour: bool = False, plane: bool = False, window: bool = False) -> "ViewSpec":
        """
        Return the view of a transform by the name that papers use.

        Parameters
        ----------
        transform : {"pixels", "dct", "log_dct", "fft", "log_fft"}
        colour : bool
            Three channels and not grey.
        plane : bool
            Whole planes (n_crops, rows, cols, channels) and not sorted columns; pixels are always planes.
        window : bool
            The DCT under a window; the other transforms have none.

        Raises
        ------
        PluginError
            If there is no such transform.
        """
        if transform not in TRANSFORMS:
            raise PluginError(unknown_name("transform", transform, TRANSFORMS))
        if transform == "pixels":
            return cls("pixels", {"colour": colour})
        options = {"colour": colour, "log": transform.startswith("log_"), "plane": plane}
        name = transform.removeprefix("log_")
        return cls(name, options | ({"window": True} if window and name == "dct" else {}))


@dataclass(frozen=True)
class Features:
    """
    A stack of crops as a detector sees it.

    Attributes
    ----------
    values : array (n_crops, ...)
        Read-only. float64 (n_crops, n_features) for ``profile``; float32 (n_crops, n_features) for ``directional``, ``dct``
        and ``fft``, or (n_crops, rows, cols, channels) with their option ``plane``;
        uint8 (n_crops, side, side[, 3]) for ``pixels``.
    frequency : array of float64 (n_features,), or None for ``pixels`` and whole planes
        Of each feature, in cycles/pixel.
    categorical : tuple of int
        Features whose values are codes without an order.
    """

    values: NDArray
    frequency: NDArray[np.float64] | None = None
    categorical: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def columns(self) -> NDArray:
        """The values as (n_crops, n_features), whatever their shape."""
        return self.values.reshape(len(self.values), -1)

    def __getitem__(self, rows: Any) -> "Features":
        return Features(self.values[rows], self.frequency, self.categorical)


View = Features  # its name in detectors of other packages that were written before


def _type_hints(plugin: type) -> dict[str, Any]:
    """Return the types of a constructor's parameters; none if an annotation cannot be resolved, as in some outside plugins."""
    try:
        return typing.get_type_hints(plugin.__init__, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {}


@lru_cache(maxsize=256)  # the key of every fit asks for it
def _signature(plugin: type) -> dict[str, tuple[inspect.Parameter, Any]]:
    """Return constructor parameters of a plugin with their types, own ones first."""
    parameters: dict[str, tuple[inspect.Parameter, Any]] = {}
    for parent in plugin.__mro__[:-1]:
        if "__init__" not in vars(parent):
            continue
        signature = list(inspect.signature(parent.__init__).parameters.values())[1:]
        types = _type_hints(parent)
        passed_on = any(p.kind is p.VAR_KEYWORD for p in signature)
        for parameter in signature:
            if parameter.kind is not parameter.VAR_KEYWORD and parameter.name not in parameters:
                parameters[parameter.name] = parameter, types.get(parameter.name, Any)
        if not passed_on:
            break
    return parameters


class Plugin:
    """
    Base of detectors and data sets: parameters that can be read back, as in scikit-learn, and required libraries.

    Attributes
    ----------
    name : str
        In the registry: lower case, digits and underscores.
    version : int
        Raised when a change moves results.
    source : str
        Where it is described.
    extra : str
        Optional part of the installation that it needs, as in ``bandbench[deep]``; empty if none.
    needs : tuple of str
        Libraries of that part, as they are imported; imported where they are used, never with the file.
    control : bool
        A control of every run and no competitor: it has a row, with all frequencies, but no rank.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    source: ClassVar[str] = ""
    extra: ClassVar[str] = ""
    needs: ClassVar[tuple[str, ...]] = ()
    control: ClassVar[bool] = False

    @classmethod
    def missing(cls) -> str:
        """Return the requirement that is not installed, with the command that installs it; empty if nothing is missing."""
        return extra_missing(cls.extra, cls.needs)

    @classmethod
    def parameter_defaults(cls) -> dict[str, Any]:
        """Return constructor parameters and their defaults, in order; ``**options`` stands for those of the parent class."""
        return {name: parameter.default for name, (parameter, _) in _signature(cls).items()}

    @classmethod
    def parameter_types(cls) -> dict[str, Any]:
        """Return constructor parameters and their types: the annotations, `Annotated` bounds among them; without, `Any`."""
        return {name: hint for name, (_, hint) in _signature(cls).items()}

    def parameters(self) -> dict[str, Any]:
        """Return constructor parameters and their present values, in order."""
        return {name: getattr(self, name) for name in self.parameter_defaults()}

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.parameters().items())
        return f"{type(self).__name__}({shown})"


class HowKnown(StrEnum):
    """Source of our knowledge of a published number."""

    READ = "read"  # in the publication itself
    SECOND_HAND = "second_hand"  # quoted by another publication
    MEMORY = "memory"  # recalled; to be confirmed before anyone relies on it


@dataclass(frozen=True)
class Reported:
    """
    A number that the authors of a method published.

    Attributes
    ----------
    value : float
        A share, 0 to 1: 0.974 for 97.4 %.
    metric : str
        As it was published. ``auc``, ``eer``, ``balanced_accuracy``, ``average_precision`` and the other names of
        `results.columns.METRICS` and ``clip_auc`` can be compared with a measured number; ``accuracy`` cannot. A rule for clips
        is written behind it, ``clip_auc:top_third``.
    data : str
        Test domain of this benchmark with the same data (``uadfv``), which makes the number comparable; else the data in words.
    source : str
        Publication, with the table or figure.
    how_known : HowKnown
    setting : str
        Circumstances that a reader has to know: training data, number of pictures, frames or clips.
    preset : str
        Preset of the detector whose parameters are the published ones; empty for its defaults.
    train : str
        Training domain of this benchmark with the same data; empty if there is none, and then it is not asked for.

    Raises
    ------
    PluginError
        If the value is no share, or the metric, the data or the source is empty.
    """

    value: float
    metric: str
    data: str
    source: str
    how_known: HowKnown
    setting: str = ""
    preset: str = ""
    train: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise PluginError(f"reported: the value is a share from 0 to 1 (0.974 for 97.4 %), got {self.value!r}.")
        for name in ("metric", "data", "source"):
            if not getattr(self, name):
                raise PluginError(f"reported: the {name} of {self.value!r} is empty; a number needs all three.")
        if self.how_known not in list(HowKnown):
            raise PluginError(f"reported: how_known is one of {', '.join(HowKnown)}, got {self.how_known!r}.")
        object.__setattr__(self, "how_known", HowKnown(self.how_known))

    def to_json(self) -> dict[str, Any]:
        """JSON form; empty texts are left out."""
        return {name: value for name, value in vars(self).items() if value != ""} | {"how_known": self.how_known.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form."""
        return cls(**data)


class Detector(Plugin):
    """
    Base of every detector; a subclass is one file that sets `name` and `view` and writes `fit` and `score`.

    The constructor only stores its arguments, under their own names. What `fit` learns is stored in attributes that end
    in ``_`` and are arrays, dicts of arrays, numbers, strings, lists or scikit-learn estimators: those can be saved
    without pickle.

    Attributes
    ----------
    name, version, source, extra, needs, control
        See `Plugin`; `source` is the paper or origin of the idea.
    presets : dict of dict
        Named parameter sets, written ``name/preset`` on the command line (``spectral_svm/faithful``).
    learns_from : {"both", "real"}
        Whether it looks at the fakes it is handed, or makes its own of the reals.
    stochastic : bool
        Whether `seed` changes the outcome; then the constructor has a parameter ``seed``.
    reported : tuple of Reported
        Numbers that its authors published; boards show them beside the measured ones.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    learns_from: ClassVar[Literal["both", "real"]] = "both"
    stochastic: ClassVar[bool] = False
    reported: ClassVar[tuple[Reported, ...]] = ()

    @property
    def view(self) -> ViewSpec:
        """View that `fit` and `score` take; it may depend on the parameters."""
        raise NotImplementedError(f"{type(self).__name__} does not say which view it wants.")

    def require_side(self, side: int) -> None:
        """
        Refuse square crops of a side, in pixels, that `fit` cannot take; called before any picture is read.

        Raises
        ------
        PluginError
            If they are too small.
        """

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Learn from training crops.

        Parameters
        ----------
        view : Features of n_crops
        labels : array of int64 (n_crops,)
            0 real, 1 fake; both occur.
        """
        raise NotImplementedError

    def score(self, view: Features) -> NDArray[np.float64]:
        """
        Score crops; higher is more fake.

        Parameters
        ----------
        view : Features of n_crops

        Returns
        -------
        array of float64 (n_crops,), finite
        """
        raise NotImplementedError

    def learned(self) -> dict[str, Any]:
        """Return what `fit` learned: the attributes that end in ``_``."""
        return {k: v for k, v in vars(self).items() if k.endswith("_") and not k.startswith("_")}


@runtime_checkable
class ManyClasses(Protocol):
    """A detector that can be fitted on labels 0 to K-1 and separates the K classes by itself."""

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        """Score crops, float64 (n_crops, n_classes), finite; the largest score of a row is the class."""
        ...


@runtime_checkable
class FitsGroups(Protocol):
    """A detector that is told which training crops belong together; a study calls this method instead of `Detector.fit`."""

    def fit_groups(self, view: Features, labels: NDArray[np.int64], groups: NDArray) -> Any:
        """Learn from training crops of some groups, an array of str (n_crops,)."""
        ...


class Shown(StrEnum):
    """Content of the pictures of a data set."""

    FACES = "faces"  # cut out of something larger, or aligned
    WHOLE = "whole"  # photographs, scenes or frames as they were taken
    UNKNOWN = "unknown"


def matching_variants(text: str, variants: Iterable[str]) -> tuple[str, ...]:
    """
    Select the variants of a data set that a user means.

    Parameters
    ----------
    text : str
        ``Deepfakes`` stands for every compression of it unless that is a variant itself, ``@c23`` for everything of that
        compression.
    variants : iterable of str
        All variants, ``NAME[@COMPRESSION]``.

    Returns
    -------
    tuple of str
        In the order of `variants`; empty if there is no such variant.
    """
    variants = tuple(variants)
    if text in variants:
        return (text,)
    generator, mark, compression = text.partition("@")
    parts = [(variant, *variant.partition("@")[::2]) for variant in variants]
    if not mark:
        return tuple(variant for variant, made_by, _ in parts if made_by == generator)
    return tuple(v for v, made_by, packed in parts if packed == compression and made_by == (generator or made_by))


@dataclass(frozen=True)
class Framing:
    """
    Content of pictures, and the settings with which they were cut out of larger ones.

    Attributes
    ----------
    shown : Shown
    cut : mapping of str
        Settings of ``bench data prepare``, where it cut them; empty otherwise.
    """

    shown: Shown = Shown.UNKNOWN
    cut: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def common(cls, framings: "Iterable[Framing]") -> "Framing":
        """Return the framing common to several: faces that were cut differently are faces, any other difference is unknown."""
        several = list(framings)
        if not several or any(framing.shown != several[0].shown for framing in several):
            return cls()
        return several[0] if all(framing == several[0] for framing in several) else cls(several[0].shown)

    def as_dict(self) -> dict[str, Any]:
        """Convert to a JSON-like dict."""
        return {"shown": str(self.shown), "cut": dict(self.cut)}

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> "Framing":
        """Read what `as_dict` made."""
        return cls(Shown(known["shown"]), known["cut"])


@dataclass(eq=False, repr=False)
class Dataset(Plugin):
    """
    Base of every data set adapter; a subclass is one file that sets `name` and writes `variants`, `items` and `read`.

    Parameters of its own are fields of the subclass, decorated with ``@dataclass(eq=False, repr=False)``; those below come
    first. A constructor written by hand serves as well.

    Attributes
    ----------
    name, version, source, extra, needs
        See `Plugin`; `name` is the first part of a domain's name, and `version` is raised when a change moves items, splits
        or pictures.
    licence : str
        Terms of use.
    obtain : str
        How one comes by it.
    layout : str
        What `root` has to contain, in a line.
    needs_root : bool
        Whether `root` must be given.
    classes : tuple of str
        ``("real",)`` for a collection of reals, which is a domain only with fakes from elsewhere.
    computed : bool
        Pictures are computed, each from random numbers of its own: two that look alike are no copies of each other.
    may_be_shown : bool
        Whether its terms let pictures of it appear in a report.
    shown : Shown
        What its pictures show.
    alias : str
        Name under which a user gave it, if it is another one; set by the catalogue.
    own : bool
        Reads folders that users put together: equal names in two of them mean nothing.
    dates : mapping of str to str
        Release dates by generator, ``""`` for all others: ``2022``, ``2022-08`` or ``2022-08-22``. Of the data set, or of the
        generators where it collects some that were published by others.

    Parameters
    ----------
    root : Path, optional
        Folder with the files, for data sets that need one.
    seed : int
        Of everything that is drawn. It fixes the test split.
    replicate : int
        Number of the draw of training and validation items, 0 to n-1. The test split does not depend on it, so that a
        band chosen on the validation items of one draw has not seen the test items of another. A data set that
        is distributed with splits of its own ignores it.
    """

    licence: ClassVar[str] = ""
    obtain: ClassVar[str] = ""
    layout: ClassVar[str] = ""
    needs_root: ClassVar[bool] = True
    classes: ClassVar[tuple[str, ...]] = LABEL_NAMES
    shown: ClassVar[Shown] = Shown.UNKNOWN
    computed: ClassVar[bool] = False
    own: ClassVar[bool] = False
    dates: ClassVar[Mapping[str, str]] = {}

    root: Path | None = None
    seed: int = 0
    replicate: int = 0
    may_be_shown: bool = field(default=False, init=False)
    alias: str = field(default="", init=False)

    @classmethod
    def adapter_of(cls, root: Path) -> str:
        """Name of the data set that reads a folder for which the user names none; asked of `folder` alone."""
        return cls.name

    def for_replicate(self, replicate: int) -> Self:
        """Return the same data set under another draw; what was listed already need not be listed again."""
        other = copy.copy(self)
        other.replicate = replicate
        return other

    def variants(self) -> tuple[str, ...]:
        """Names of the domains inside, ``domain = name/variant``; one empty string if the data set is one domain."""
        return ("",)

    def further_variants(self) -> tuple[str, ...]:
        """Names of domains inside that are used by their own names alone: the name of the data set does not stand for them."""
        return ()

    def find_variants(self, text: str) -> tuple[str, ...]:
        """Return the variants that a user means by `text`, as `matching_variants`; none if there is no such variant."""
        return matching_variants(text, (*self.variants(), *self.further_variants()))

    def items(self, variant: str) -> Sequence[Item]:
        """List every item of a domain, with its split, in an order that does not depend on the machine."""
        raise NotImplementedError

    def all_items(self, variant: str) -> Sequence[Item]:
        """
        List every item of a domain for those who take all of them, whatever their split.

        As `items`; a data set that cannot split what there is lists it all the same, with an empty split.
        """
        return self.items(variant)

    def with_units(self, units: Mapping[str, str]) -> Self | None:
        """
        Return the same data set with splits that are drawn anew, so that items of one unit stay together.

        Parameters
        ----------
        units : mapping of str to str
            Unit by item, of the items that belong to one with others.

        Returns
        -------
        Dataset, or None
            None if its splits are given.
        """
        return None

    def read(self, item: Item) -> bytes:
        """Return the bytes of an item's picture file, of a kind that `bandbench.benchmark.pictures.crops.decode` reads."""
        raise NotImplementedError

    def released(self, variant: str) -> str:
        """
        Return the release date of a domain, see `dates`; empty if it is not known.

        The protocol ``later_only`` of a study then needs it in the study's ``dates``.
        """
        return self.dates.get(variant.partition("@")[0], self.dates.get("", ""))

    def framing(self) -> Framing:
        """Return what its pictures show, so that a model that was trained on them knows where to look in a clip."""
        return Framing(self.shown)

    def facts(self) -> dict[str, Any]:
        """
        Return facts about this copy for its rows: missing parts, its preparation; empty if there are none.

        Keys that the engine knows: ``missing`` and ``notes`` (lists of str), ``preparation`` (str).
        """
        return {}

    def remarks(self) -> Sequence[str]:
        """
        Return lines about this copy for the terminal: skipped files, pictures that belong together.

        No row holds them, and they change no key: a note that lies among the pictures makes no other data set.
        """
        return ()

    def lost_sources(self, variant: str) -> Sequence[str]:
        """
        Return lines about sources of a domain that should have given pictures and gave none: not prepared, without a face.

        A command that uses the domain then ends with exit code 3, as for a picture that cannot be read. Parts that the copy
        never had are ``missing`` among its `facts` instead and change no exit code.
        """
        return ()

    def regrouping(self) -> str:
        """Return the instruction for declaring pictures that belong together; empty if the groups are fixed."""
        return ""
