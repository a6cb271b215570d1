"""
Sources of reals: collections that the fakes of test domains are set against, besides the reals of their own data set.

A detector that tells fakes from the reals of one collection may call other reals fakes, too. So the fakes are scored once,
the test reals of every source are scored by the same fitted detector, and every pair has an AUC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..contracts import REAL, Item
from ..errors import DataError, StudyError
from ..pictures.perturbations import canonical, needs_reals
from .catalogue import Catalogue, OpenDomain
from .names import REALS, DomainName, dataset_name
from .splits import missing_classes

PATHS = (".", "/", "~")  # what a path begins with that no name of a data set begins with


@dataclass(frozen=True)
class RealsSource(OpenDomain):
    """
    The test reals of one or several domains of a data set, each once.

    Attributes
    ----------
    domains : tuple of OpenDomain
        Perturbed alike.
    """

    domains: tuple[OpenDomain, ...] = ()

    @cached_property
    def items(self) -> Sequence[Item]:
        """Reals of the test splits, sorted by id, in a split of their own (`names.REALS`)."""
        tested = (item for domain in self.domains for item in domain.items if (item.split, item.label) == ("test", REAL))
        reals = {item.id: replace(item, split=REALS) for item in tested}
        return [reals[name] for name in sorted(reals)]


def source_name(given: str, catalogue: Catalogue) -> str:
    """
    Return the name of a source of reals; a folder becomes a data set of the catalogue, called after the folder.

    Parameters
    ----------
    given : str
        Name of a data set or of a domain, perturbed or not; or a folder of pictures, which holds reals or ``real/``. A data set
        that the catalogue knows goes before a folder of the same name; ``./NAME`` is always the folder.
    catalogue : Catalogue

    Raises
    ------
    DataError
        If there is neither such a data set nor such a folder.
    StudyError
        If a perturbation is unknown, or sets spectra to those of training reals: the reals of a source would be set to other
        ones than the fakes that they are set against, and be told from them by that alone.
    """
    if given.startswith(PATHS) or dataset_name(given) not in catalogue.specs:
        folder = Path(given).expanduser()
        if folder.is_dir():
            return catalogue.add_reals(folder.absolute())
        if given.startswith(PATHS):
            raise DataError(f"reals: there is no folder {folder.absolute()}; check the path.")
        try:
            catalogue.spec(given)
        except DataError as error:
            raise DataError(f"reals: {error} A folder of real pictures can be named by its path, too.") from error
    name = DomainName.parse(given)
    if not name.chain:
        return given
    chain = canonical(name.chain)
    if needs_reals(chain):
        raise StudyError(
            f"reals: {given}: {needs_reals(chain)} takes the mean spectrum of the training reals of each domain, so that these "
            f"reals and the fakes of another domain would be set to different spectra; name {name.unperturbed} without it."
        )
    return str(replace(name, chain=chain))


def open_source(name: str, catalogue: Catalogue, seed: int) -> RealsSource:
    """
    Open a source of reals.

    Parameters
    ----------
    name : str
        Of `source_name`.
    catalogue : Catalogue
    seed : int
        That fixes the test splits.

    Raises
    ------
    DataError
        If it has no test reals, or cannot be opened.
    """

    def domain(name: str) -> OpenDomain:
        return catalogue.domain(name, seed)

    chosen = catalogue.choose([name], seed, lambda part: missing_classes(domain(part).items, ("test",), (REAL,)))
    parts = tuple(map(domain, chosen.domains))
    source = RealsSource(name, catalogue.spec(name), seed, 0, dataset=parts[0].dataset, domains=parts)
    if not source.items:
        raise DataError(f"reals: {name} has no real picture in its test split; give other pictures, or leave it out.")
    return source
