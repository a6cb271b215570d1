"""The perturbations by name, and the values that their parameters take."""

import inspect
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from .clean import alike, blur, combined, crop, jpeg, noise
from .levels import Kernel
from .passes import adapted, bandpass, bandstop, highpass, lowpass
from .published import (
    published_adapted,
    published_blur,
    published_combined,
    published_crop,
    published_jpeg,
    published_noise,
    published_pass,
)
from .resampling import KERNELS, PRESETS, platform, resize, webp
from .spectral import amplitude_only, check_halfwidth, depeak, match_spectrum, phase_only

CLEAN: dict[str, Kernel] = {
    "noise": noise,
    "blur": blur,
    "jpeg": jpeg,
    "crop": crop,
    "alike": alike,
    "combined": combined,
    "lowpass": lowpass,
    "highpass": highpass,
    "bandpass": bandpass,
    "bandstop": bandstop,
    "fda": adapted,
    "resize": resize,
    "webp": webp,
    "platform": platform,
    "depeak": depeak,
    "match_spectrum": match_spectrum,
    "phase_only": phase_only,
    "amplitude_only": amplitude_only,
}
PUBLISHED: dict[str, Kernel] = {
    "noise": published_noise,
    "blur": published_blur,
    "jpeg": published_jpeg,
    "crop": published_crop,
    "combined": published_combined,
    "lowpass": published_pass("low"),
    "highpass": published_pass("high"),
    "bandpass": published_pass("band"),
    "fda": published_adapted,
}
# Of the clean ones, those that take the spectrum statistics of training reals after the generator.
OF_REALS = ("match_spectrum", "phase_only")
RANGES = {
    "sd": (0, 255),
    "sigma": (0, 50),
    "kernel": (1, 99),
    "quality": (1, 100),
    "share": (0, 0.5),
    "cutoff": (0.001, 0.707),
    "width": (0.001, 0.707),
    "order": (1, 20),
    "radius": (1, 10_000),
    "beta": (0, 0.5),
    "probability": (0, 1),
    "side": (0, 4096),
    "scale": (0.05, 4),
    "period": (2, 64),
    "halfwidth": (0, 0.2),
}
# Of the parameters that are words; "kernel" of the published blur is a number.
WORDS: dict[str, Collection[str]] = {"kernel": KERNELS, "preset": PRESETS}
NOT_DRAWN = ("kernel", "probability", "side")  # of which there are no ranges
# What a name tells even where it is the default, because a row stands alone.
TOLD = ("sd", "sigma", "quality", "share", "cutoff", "width", "beta", "scale", "kernel", "preset", "period")
TOLD_PUBLISHED = ("radius", "beta")


def _check_depeak(most: Mapping[str, Any]) -> None:
    check_halfwidth(most["period"], most["halfwidth"])


# By name, what is asked of several parameters together: called with the largest value of each.
CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {"depeak": _check_depeak}


@lru_cache
def defaults_of(kernel: Kernel) -> dict[str, float | str]:
    """Return the parameters of a perturbation's function."""
    return {n: p.default for n, p in inspect.signature(kernel).parameters.items() if p.kind is p.KEYWORD_ONLY}
