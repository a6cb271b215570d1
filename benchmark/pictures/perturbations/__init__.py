"""
Perturbations of pictures: noise, blur, formats, resampling, filters, and attacks on a part of the spectrum.

A perturbed domain is a domain, ``DOMAIN+NAME[:faithful][:parameter=value ...]``, and perturbations are chained from left to
right: ``procedural/planted+jpeg:quality=50+noise:sd=5``. The clean ones have a strength that is told; the ``faithful`` ones do
what the programs of arXiv 2003.08685 and 2210.14571 do, slips included. Both take ``probability``, the share of pictures
that are changed. What is drawn is drawn for each picture from its content, so order and workers change nothing.

Some set spectra to those of training reals. They are functions of a picture and of `SpectrumStatistics`, which whoever
perturbs a domain measures on the reals of its training split.
"""

from .apply import perturb
from .clean import GRID
from .grammar import Step, canonical, chain_key, needs_reals, parse_chain
from .levels import Picture
from .passes import foreign_picture
from .published import published_blur, published_crop, published_jpeg, published_noise
from .statistics import VERSION as STATISTICS_VERSION
from .statistics import RingSums, SpectrumStatistics
from .table import CLEAN, PUBLISHED

__all__ = [
    "CLEAN",
    "GRID",
    "PUBLISHED",
    "STATISTICS_VERSION",
    "Picture",
    "RingSums",
    "SpectrumStatistics",
    "Step",
    "canonical",
    "chain_key",
    "foreign_picture",
    "needs_reals",
    "parse_chain",
    "perturb",
    "published_blur",
    "published_crop",
    "published_jpeg",
    "published_noise",
]
