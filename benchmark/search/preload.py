"""
Modules that workers of a study need: a server imports this one, and workers are forked from it.

Plugins of other packages are not among them. They may start threads, which a fork does not survive.
"""

from ..registry import detectors
from ..views import views
from . import fit

__all__ = ["fit"]

for _registry in (views, detectors):
    _registry.import_own()
