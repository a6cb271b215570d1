"""
Benchmark of frequency-based deepfake detection: a facade that imports a module when a name of it is used.

The names, their modules and their types are in ``__init__.pyi``; the code is in ``api/``, which is `bandbench.api`.
"""

import importlib
import sys
import types
from typing import Any

import lazy_loader

# Functions that share their name with a package: the package itself is callable, so that both spellings work whatever was
# imported before. Importing `bandbench.datasets` sets the attribute `datasets` of this module to that package.
_CALLABLE = {"datasets": "api.plugins", "detectors": "api.plugins", "leaderboard": "api.board"}


class _CallablePackage(types.ModuleType):
    """A package that is called like the function of its name."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.__wrapped__(*args, **options)

    @property
    def __wrapped__(self) -> Any:
        """The function; `inspect.signature` and help of interactive shells follow this name."""
        name = self.__name__.rpartition(".")[2]
        return getattr(importlib.import_module(f"{__name__}.{_CALLABLE[name]}"), name)


class _Facade(types.ModuleType):
    """The module `bandbench` itself, whose packages are callable where a function has their name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _CALLABLE and type(value) is types.ModuleType:
            value.__class__ = _CallablePackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Facade
_exported, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
for _name in set(_CALLABLE) & set(globals()):  # with EAGER_IMPORT set, lazy_loader has put the functions in their place
    globals()[_name] = importlib.import_module(f"{__name__}.{_name}")


def __getattr__(name: str) -> Any:
    if name in _CALLABLE:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    if name in __all__:
        return _exported(name)
    raise AttributeError(_unknown(name), name=name, obj=sys.modules[__name__])


def _unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, __all__, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"module '{__name__}' has no attribute '{name}'.{hint} Names: {', '.join(__all__)}."
