"""
Views: the features that detectors take. One file each, found by being in this folder, or brought by another package.

Another package declares its views as entry points of the group ``bandbench.views``; a detector may also name the class itself,
by `ViewSpec.of`.
"""

import contextlib
import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features, ViewSpec
from ..errors import PluginError, StudyError
from ..frequency.bands import Band
from ..frequency.filters import filter_pixels
from ..registry import ROOT_PACKAGE, Registry, source_digest
from .kernel import ALL_PASS, ViewKernel

views: Registry[ViewKernel] = Registry(
    "view", ViewKernel, f"{ROOT_PACKAGE}.benchmark.views", "bandbench.views", apart=("kernel",)
)


def view_kernel(spec: ViewSpec) -> ViewKernel:
    """
    Find and set up the kernel of a view.

    Raises
    ------
    PluginError
        If the view or one of its options is unknown, or its class is no frozen dataclass.
    """
    plugin = views.get(spec.name)
    if not dataclasses.is_dataclass(plugin):
        raise PluginError(f"view '{plugin.name}' must be a frozen dataclass, whose fields are its options.")
    try:
        return plugin(**spec.options)
    except TypeError as error:
        raise PluginError(f"view '{spec.name}' cannot take the options {dict(spec.options)}: {error}.") from error


def view_key(kernel: ViewKernel) -> list[Any]:
    """
    Cache key of a view's features, without that of the crops: all that can change a number.

    A view of ours is known by its version, one of another package by its source, too.
    """
    assert dataclasses.is_dataclass(kernel)
    options = dataclasses.asdict(kernel)
    ours = type(kernel).__module__.startswith(f"{ROOT_PACKAGE}.")
    return [kernel.name, options] if ours else [kernel.name, options, source_digest(type(kernel))]


def require_comb(label: str, spec: ViewSpec, band: Band, side: int) -> None:
    """
    Refuse a comb that a detector's view cannot take, before any picture is read.

    Parameters
    ----------
    label : str
        Of the detector.
    spec : ViewSpec
    band : Band
        Of any kind; only a comb or an anticomb is tested, on one crop of noise.
    side : int
        Of the crops, in pixels.

    Raises
    ------
    StudyError
        If the crops are smaller than two periods, no coefficient is left, or the view knows no frequencies down the rows and
        along the columns.
    """
    if not band.is_comb:
        return
    band.require_side(side)
    if band.action.filters_crops:
        return
    kernel = view_kernel(spec)
    crops = np.random.default_rng(0).integers(0, 256, (1, side, side, 3) if kernel.colour else (1, side, side), np.uint8)
    try:
        if kernel.expensive or kernel.of_files:  # whose base takes an encoder, or files
            with contextlib.suppress(ValueError, IndexError):
                kernel.features(np.zeros((1, 1), np.float32), (side, side), band)
        else:
            kernel.from_crops(crops, band)
    except StudyError as error:
        raise StudyError(f"detector '{label}' cannot take the band {band} in mode {band.mode}: {error}") from error


def features_from_crops(kernel: ViewKernel, crops: NDArray[np.uint8], band: Band) -> Features:
    """
    Features of a band straight from crops; equal to the two-step way where the kernel does not need crops.

    Parameters
    ----------
    kernel : ViewKernel
    crops : array of uint8 (n_crops, side, side[, 3])
    band : Band

    Returns
    -------
    Features
    """
    if band.action.filters_crops:
        return kernel.from_crops(filter_pixels(crops, band), ALL_PASS)
    return kernel.from_crops(crops, band)
