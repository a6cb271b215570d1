"""Chains of perturbations, applied to a picture."""

from collections.abc import Iterator, Sequence

import numpy as np

from ...errors import DataError
from .clean import noise
from .grammar import Step, generator, parse_chain
from .levels import Picture, rounded, without_colour
from .statistics import SpectrumStatistics


def perturb(picture: Picture, chain: str, content: str, reals: SpectrumStatistics | None = None) -> Picture:
    """
    Perturb a picture.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        Whole, before any window is cut. One whose channels are equal is treated as grey, or noise would colour it.
    chain : str
    content : str
        What identifies the picture: everything that is drawn follows from it and from the perturbation's name. So noise of
        two strengths is one noise.
    reals : SpectrumStatistics or None
        Of training reals, which a chain takes that `needs_reals`.

    Returns
    -------
    array of uint8 (rows, cols[, 3])

    Raises
    ------
    StudyError
        As `parse_chain`.
    DataError
        If the picture is too small for a perturbation, or one needs `reals` and there are none.
    """
    picture = without_colour(picture)
    if reals is None and (step := next((step for step in parse_chain(chain) if step.needs_reals), None)):
        raise DataError(
            f"perturbation {step.name} takes the mean spectrum of training reals, which pictures outside of a domain do "
            "not have; perturb a domain that is split."
        )
    for step, seed in _steps(chain, content):
        statistics = (reals,) if step.needs_reals else ()
        picture = step.kernel(picture, _begun(seed), *statistics, **step.settled(seed))
    return picture


def perturb_alike(pictures: Sequence[Picture], chain: str) -> list[Picture]:
    """
    Perturb pictures with the same random numbers: each as `perturb` does with an empty content, without drawing them again.

    Parameters
    ----------
    pictures : sequence of arrays of uint8 (rows, cols[, 3])
    chain : str
        Of perturbations that take no statistics of training reals.

    Raises
    ------
    StudyError
        As `parse_chain`.
    """
    perturbed = [without_colour(picture) for picture in pictures]
    for step, seed in _steps(chain, content=""):
        settled = step.settled(seed)
        if step.kernel is noise:
            fields = {shape: _begun(seed).normal(0, float(settled["sd"]), shape) for shape in {p.shape for p in perturbed}}
            perturbed = [rounded(picture + fields[picture.shape]) for picture in perturbed]
        else:
            perturbed = [step.kernel(picture, _begun(seed), **settled) for picture in perturbed]
    return perturbed


def _steps(chain: str, content: str) -> Iterator[tuple[Step, list[str]]]:
    """Yield the steps of a chain that are taken for some content, each with the seed of what is drawn for it."""
    for number, step in enumerate(parse_chain(chain)):
        seed = [content, str(number), step.name]
        if generator(seed).random() < step.probability:
            yield step, seed


def _begun(seed: Sequence[str]) -> np.random.Generator:
    """Return a generator after its first number, which decides if a step is taken."""
    rng = generator(seed)
    rng.random()
    return rng
