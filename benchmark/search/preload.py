"""
Modules that workers of a study need: a server imports this one, and workers are forked from it.

Plugins of other packages are not among them. They may start threads, which a fork does not survive.
"""

import gc
from importlib import import_module

from ..registry import datasets, detectors
from ..views import views

MODULES = (
    *("scipy.fft", "scipy.special", "sklearn.svm", "sklearn.linear_model"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg"),
    *("bandbench.benchmark.search.fit", "bandbench.benchmark.recording.cell_folder"),
)


def preload() -> None:
    """Import what nearly every worker of a study needs: once, not once per worker."""
    for name in MODULES:
        import_module(name)
    for registry in (datasets, views, detectors):
        registry.import_own()


gc.disable()  # a search among modules, which all stay, finds nothing and takes a quarter of the time
try:
    preload()
finally:
    gc.enable()
