"""Chains of perturbations, applied to a picture."""

from ...errors import DataError
from .grammar import generator, parse_chain
from .levels import Picture, without_colour
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
    for number, step in enumerate(parse_chain(chain)):
        seed = [content, str(number), step.name]
        rng = generator(seed)
        if step.needs_reals and reals is None:
            raise DataError(
                f"perturbation {step.name} takes the mean spectrum of training reals, which pictures outside of a domain do "
                "not have; perturb a domain that is split."
            )
        if rng.random() < step.probability:
            statistics = (reals,) if step.needs_reals else ()
            picture = step.kernel(picture, rng, *statistics, **step.settled(seed))
    return picture
