"""
Discovery of detectors and data sets.

Our own are found by being in their folder, those of other packages through entry points, and one that is still being
written as ``module:Class`` or ``file.py:Class``. A file that cannot be imported is listed with its reason.
"""

import ast
import contextlib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from .contracts import FILE_MODULE, Dataset, Detector, ViewSpec
from .errors import PLUGIN_FAILURES, BenchError, PluginError, text_of, unknown_name
from .store.files import digest
from .store.folders import working_folder
from .store.mistakes import wanted


class Named(Protocol):
    """Plugin of any kind: a class with a name."""

    name: ClassVar[str]


Plugin = TypeVar("Plugin", bound=Named)
NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
ROOT_PACKAGE = __name__.rsplit(".", 2)[0]
# Modules of ours that cannot change a score: records and words, files and folders, processes. An edit of theirs makes no
# other plugin of one that imports them; everything that is not named here does.
COMPUTES_NOTHING = frozenset(
    {
        "bandbench.benchmark.cluster",
        "bandbench.benchmark.contracts",
        "bandbench.benchmark.errors",
        "bandbench.benchmark.invocation",
        "bandbench.benchmark.registry",
        "bandbench.benchmark.reporting",
        "bandbench.benchmark.store",
        "bandbench.benchmark.workers",
        "bandbench.detectors.published",
    }
)


@dataclass(frozen=True)
class Found(Generic[Plugin]):
    """Result of discovery: classes by name, and the reasons for those that could not be imported."""

    classes: dict[str, type[Plugin]]
    failures: dict[str, str]


class Registry(Generic[Plugin]):
    """
    All plugins of one kind.

    Parameters
    ----------
    kind : str
        "detector", "data set" or "view", as messages call it.
    base : type
        Class that every plugin extends.
    package : str
        Our folder, as an import name.
    group : str
        Entry-point group of other packages.
    apart : collection of str
        Modules of our folder that hold no plugin.
    """

    def __init__(self, kind: str, base: type[Plugin], package: str, group: str, apart: Collection[str] = ()) -> None:
        self.kind = kind
        self.base = base
        self.package = package
        self.group = group
        self.apart = frozenset(apart)

    @cached_property
    def found(self) -> Found[Plugin]:
        """
        Import every plugin once.

        Raises
        ------
        PluginError
            If two plugins have one name.
        """
        classes: dict[str, type[Plugin]] = {}
        failures: dict[str, str] = {}
        sources = [(name, f"{self.package}.{name}", None) for name in self._own_modules()]
        sources += [(entry.name, entry.value, entry) for entry in importlib.metadata.entry_points(group=self.group)]
        for name, origin, entry in sources:
            try:
                loaded = entry.load() if entry else importlib.import_module(origin)
                candidates = [loaded] if inspect.isclass(loaded) else self._plugins_in(loaded)
                plugins = [self._checked(candidate, origin) for candidate in candidates]
            except PLUGIN_FAILURES as error:  # a plugin may fail in any way, and must hurt nobody else
                failures[name] = f"{origin}: {type(error).__name__}: {text_of(error)}"
                continue
            for plugin in plugins:
                if plugin.name in classes and classes[plugin.name] is not plugin:
                    raise PluginError(
                        f"two {self.kind}s are called '{plugin.name}': {_origin(classes[plugin.name])} and "
                        f"{_origin(plugin)}; rename one or uninstall it."
                    )
                classes[plugin.name] = plugin  # pyright: ignore[reportArgumentType] (one registry holds one kind)
        return Found(dict(sorted(classes.items())), failures)

    def _own_modules(self) -> list[str]:
        package = importlib.import_module(self.package)
        modules = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)
        return sorted(name for name in modules if not name.startswith("_") and name not in self.apart)

    def import_own(self) -> None:
        """Import the modules of our own folder; one that fails is reported by `found`."""
        for name in self._own_modules():
            with contextlib.suppress(Exception):
                importlib.import_module(f"{self.package}.{name}")

    def _plugins_in(self, module: Any) -> list[type[Plugin]]:
        own = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
        plugins = [c for c in own if issubclass(c, self.base) and "name" in vars(c)]
        if not plugins:
            raise PluginError(f"defines no {self.base.__name__} with a name")
        return plugins

    def _checked(self, plugin: Any, origin: str) -> type[Plugin]:
        """Return a class that is a plugin of this kind, or raise an error that names its defect."""
        if not (inspect.isclass(plugin) and issubclass(plugin, self.base)):
            raise PluginError(f"{origin} is not a subclass of {self.base.__module__}.{self.base.__name__}")
        name = getattr(plugin, "name", None)
        if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
            raise PluginError(f"{origin} needs a `name` of lower-case letters, digits and underscores, got {name!r}")
        return plugin

    def names(self) -> list[str]:
        """Names of all plugins that could be imported, sorted."""
        return list(self.found.classes)

    def get(self, reference: str) -> type[Plugin]:
        """
        Find a plugin's class.

        Parameters
        ----------
        reference : str
            A registered name, ``module:Class`` (the present folder counts as a place for modules), or ``file.py:Class``.

        Raises
        ------
        PluginError
            If it is unknown, cannot be imported or is no plugin of this kind.
        """
        location, mark, text = reference.partition(":")
        if self.kind == "detector" and "=" in text and location in self.found.classes:
            raise PluginError(
                f"detector '{reference}': parameters stand in a study file, "
                f"{{name: {location}, params: {{{text.replace('=', ': ')}}}}}, or in --param of a command that has it."
            )
        if mark:
            return self._checked(_load_object(self.kind, reference), reference)
        if reference in self.found.classes:
            return self.found.classes[reference]
        if reference in self.found.failures:
            raise PluginError(f"{self.kind} '{reference}' cannot be used: {self.found.failures[reference]}")
        file = Path(reference if reference.endswith(".py") else f"{reference}.py")
        hint = f" For the file {file} write {file}:CLASS, with the name of its class." if file.is_file() else ""
        raise PluginError(unknown_name(self.kind, reference, self.found.classes) + hint)


def _origin(plugin: type) -> str:
    return f"{plugin.__module__}:{plugin.__qualname__}"


def _load_object(kind: str, reference: str) -> Any:
    location, _, attribute = reference.rpartition(":")
    try:
        if location.endswith(".py"):
            module = _load_file(Path(location))
        else:
            # At the end, so that nothing in the present folder can stand in for an installed library.
            if str(working_folder()) not in sys.path:
                sys.path.append(str(working_folder()))
            module = importlib.import_module(location)
    except PLUGIN_FAILURES as error:  # user code: anything can happen while it is imported
        raise PluginError(f"{kind} '{reference}' cannot be imported: {type(error).__name__}: {text_of(error)}") from error
    if not hasattr(module, attribute):
        raise PluginError(f"{kind} '{reference}': {location} has no '{attribute}'.")
    return getattr(module, attribute)


# By relative name, where it was found last: code of a detector may have changed the folder since.
_FILES: dict[Path, Path] = {}


def _place_of(path: Path) -> Path:
    """Return the absolute path of a file that may be named from the working folder."""
    path = path.expanduser()
    place = working_folder() / path
    if place.is_file():
        _FILES[path] = place
    return _FILES.get(path, place)


def _load_file(path: Path) -> Any:
    path = _place_of(path)
    name = f"{FILE_MODULE}{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@cache
def source_digest(plugin: type) -> str:
    """
    First 16 hex digits of the SHA-256 of the code behind a class: an edited plugin is another plugin.

    Its own file, and those that it computes with: see `modules_behind`.
    """
    code = hashlib.sha256()
    for name in sorted(modules_behind(plugin.__module__)):
        path = _file_of(name)
        code.update(path.read_bytes() if path else repr(plugin).encode())
    return code.hexdigest()[:16]


def modules_behind(name: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """
    Modules whose code can change what a plugin computes: its own, and those of its package and of ours that it imports.

    Parameters
    ----------
    name : str
        Module of the plugin.
    known : frozenset of str
        Modules that were followed before.

    Returns
    -------
    frozenset of str
        Without `COMPUTES_NOTHING`. An import inside a function counts like any other.
    """
    known |= {name}
    path = _file_of(name)
    if path is None:
        return known
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    ours = (ROOT_PACKAGE, name.partition(".")[0])
    for other in sorted(_imports_in(path.read_bytes(), package, ours)):
        if other not in known and _computes(other):
            known = modules_behind(other, known)
    return known


def _computes(name: str) -> bool:
    """Test that neither a module nor its package is one of `COMPUTES_NOTHING`."""
    return not any(name == silent or name.startswith(f"{silent}.") for silent in COMPUTES_NOTHING)


@cache
def _imports_in(source: bytes, package: str, ours: tuple[str, ...]) -> frozenset[str]:
    """Modules of some packages, given by their first names, that a module's source imports anything from."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names if alias.name.partition(".")[0] in ours}
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            origin = importlib.util.resolve_name(origin, package) if node.level else origin
            if origin.partition(".")[0] in ours:
                names = [f"{origin}.{alias.name}" for alias in node.names]
                imported |= {name if _file_of(name) else origin for name in names}
    return frozenset(imported)


@cache
def _spec_of(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):  # no package above it, or a module that says nothing of itself
        return None


def _file_of(name: str) -> Path | None:
    """Source file of a module, loaded or not; None where it has none."""
    if name in sys.modules:
        place = getattr(sys.modules[name], "__file__", None)
    else:
        spec = _spec_of(name)
        place = spec.origin if spec else None
    return Path(place) if place and Path(place).is_file() else None


detectors: Registry[Detector] = Registry("detector", Detector, f"{ROOT_PACKAGE}.detectors", "bandbench.detectors")
datasets: Registry[Dataset] = Registry("data set", Dataset, f"{ROOT_PACKAGE}.datasets", "bandbench.datasets")


def missing_extra(name: str) -> str:
    """Return the missing requirement of a detector (``name`` or ``name/preset``); empty if none is missing."""
    plugin = detectors.found.classes.get(name.partition("/")[0])
    return plugin.missing() if plugin else ""


def check_parameters(plugin: type[Detector] | type[Dataset], params: Mapping[str, Any], owner: str) -> None:
    """
    Check values of parameters against the types of a plugin's constructor.

    Parameters
    ----------
    plugin : type
    params : mapping of str to object
        As YAML has them.
    owner : str
        Whose parameters they are, for messages.

    Raises
    ------
    PluginError
        If a name is unknown, or a value has another type or lies outside of the bounds.
    """
    types = plugin.parameter_types()
    for name, value in params.items():
        if name not in types:
            raise PluginError(unknown_name(f"parameter of {owner}", name, types))
        try:
            TypeAdapter(types[name], config={"arbitrary_types_allowed": True}).validate_python(_as_yaml(value), strict=True)
        except ValidationError as error:
            expected = " or ".join(dict.fromkeys(map(wanted, error.errors())))
            hint = ""
            if types[name] is Path or Path in get_args(types[name]):
                hint = "; a folder is given with --data NAME=DIR"
            raise PluginError(f"parameter {name} of {owner} should be {expected}, got {value!r}{hint}.") from error
        except PydanticSchemaGenerationError:
            continue  # a type that nothing is known of


def _as_yaml(value: Any) -> Any:
    """Convert tuples, which presets may have, to lists."""
    return [_as_yaml(entry) for entry in value] if isinstance(value, list | tuple) else value


def _require_view(detector: Detector) -> None:
    """Refuse a detector whose view is none."""
    try:
        view = detector.view
    except BenchError:  # a file of weights is missing, say, which what has learned needs no more: who needs the view asks
        return
    if not isinstance(view, ViewSpec):
        raise PluginError(f"detector {detector.name} has no view: wanted a ViewSpec, got {type(view).__name__}.")


@dataclass(frozen=True)
class DetectorSpec:
    """
    A detector with its parameters, as it can be sent to a worker and written to a log.

    Attributes
    ----------
    reference : str
        What `Registry.get` takes.
    preset : str
        Empty, or one of the class's presets.
    params : dict
        Given by the user, on top of the preset.
    """

    reference: str
    preset: str = ""
    params: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, params: dict[str, Any] | None = None) -> "DetectorSpec":
        """
        Read ``name``, ``name/preset`` or ``module:Class[/preset]`` and check it against the class.

        Raises
        ------
        PluginError
            If the detector, the preset or a parameter is unknown, or a value cannot be that of its parameter.
        """
        if ".py:" in text:  # slashes before the class belong to the path
            head, _, tail = text.rpartition(":")
            attribute, _, preset = tail.partition("/")
            reference = f"{head}:{attribute}"
        else:
            reference, _, preset = text.partition("/")
        spec = cls(reference, preset, dict(params or {}))
        plugin = detectors.get(reference)
        if missing := plugin.missing():
            raise PluginError(f"detector {plugin.name} {missing}.")
        if preset and preset not in plugin.presets:
            raise PluginError(unknown_name(f"preset of detector {plugin.name}", preset, plugin.presets))
        check_parameters(plugin, spec.params, f"detector {plugin.name}")
        return spec

    @property
    def plugin(self) -> type[Detector]:
        return detectors.get(self.reference)

    @property
    def label(self) -> str:
        """Name in rows and charts: ``spectral_svm``, ``spectral_svm/faithful``, ``spectral_svm(C=3)``."""
        parameters = ", ".join(f"{k}={v}" for k, v in sorted(self.params.items()))
        return self.plugin.name + (f"/{self.preset}" if self.preset else "") + (f"({parameters})" if parameters else "")

    def build(self, seed: int = 0) -> Detector:
        """
        Make the detector; `seed` reaches it only if it is stochastic and the user gave none.

        Raises
        ------
        PluginError
            If the constructor refuses the parameters or fails, the view is none, or the parameters are not kept.
        """
        plugin = self.plugin
        params = {**plugin.presets.get(self.preset, {}), **self.params}
        if plugin.stochastic:
            params.setdefault("seed", seed)
        try:
            built = plugin(**params)
            parameters = built.parameters()
            _require_view(built)
        except BenchError:
            raise
        except PLUGIN_FAILURES as error:
            kind = "" if isinstance(error, TypeError) else f"{type(error).__name__}: "
            hint = (
                "; a constructor keeps each parameter as an attribute of its name" if isinstance(error, AttributeError) else ""
            )
            text = f"{kind}{text_of(error)}{hint}"
            raise PluginError(f"detector {plugin.name} cannot be made with {params}: {text}") from error
        try:
            digest(parameters)
        except (TypeError, ValueError) as error:
            wanted = "numbers, texts, true, false, None, and lists and mappings of them"
            raise PluginError(f"parameters of detector {plugin.name} are {wanted}, got {parameters}.") from error
        return built

    def key_parts(self, seed: int = 0) -> dict[str, Any]:
        """Everything about the detector that can change a score, for the key of a record."""
        built = self.build(seed)
        parts = {
            "name": built.name,
            "version": built.version,
            "source": source_digest(type(built)),
            "parameters": built.parameters(),
            "view": [built.view.name, dict(built.view.options)],
        }
        return parts | {"control": True} if built.control else parts
