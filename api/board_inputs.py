"""
Knowledge of plugins and study files that commands hand to the leaderboard, which imports neither.

A table is made from recorded rows. What it says beyond them, that look-alikes in computed pictures are no copies, the command
that repeats a cell, the test items of a data set that no run was tested on, comes from here.
"""

import shlex

from ..benchmark.domains.catalogue import Catalogue
from ..benchmark.domains.names import chain_of, dataset_name, unperturbed
from ..benchmark.domains.splits import split_digest
from ..benchmark.errors import BenchError, DataError, unknown_name
from ..benchmark.pictures.perturbations import canonical
from ..benchmark.registry import datasets
from ..benchmark.results.cell_document import CellDocument
from ..benchmark.results.scores import OK, item_table
from ..benchmark.study.boards import options_of
from ..benchmark.study.study_file import shipped_studies
from ..benchmark.tracking.names import MARK
from ..leaderboard.submissions.references import COLUMNS, Reference


def computed_datasets() -> frozenset[str]:
    """Return the names of registered data sets whose pictures are computed (`Dataset.computed`)."""
    return frozenset(name for name, plugin in datasets.found.classes.items() if plugin.computed)


def repeat_command(document: CellDocument) -> str:
    """
    Return the command that computes a cell again; data sets in folders still need their ``--data NAME=DIR``, and folders of
    reals their path.

    A study that is not shipped is named as a file in the working folder, as its path and any other name were not recorded.
    """
    study = document.study.partition(MARK)[0]
    reference = study if study in shipped_studies() else f"{study}.yaml"
    words = ["bench", "run", "--study", reference, "--detector", document.detector, "--train", document.train]
    plain = [domain for domain in document.tests if not chain_of(domain)]
    words += [word for domain in plain for word in ("--test", domain)]
    words += [word for source in document.reals for word in ("--reals", source)]
    words += ["--seed", document.seed, "--seeds", document.seeds, *options_of(document.study)]
    return shlex.join(map(str, words))


class RegisteredDomains:
    """Domains of the registered data sets that need no folder; a `DomainCatalogue`."""

    def __init__(self) -> None:
        self._catalogue = Catalogue()

    def canonical_chain(self, chain: str) -> str:
        """
        Return the name of a chain of perturbations with all parameters: ``noise`` is ``noise:sd=10``.

        Raises
        ------
        StudyError
            If a perturbation is unknown.
        """
        return canonical(chain)

    def reference(self, domain: str) -> Reference | None:
        """
        Return the test items of a domain; None if its data set is not registered, needs a folder or cannot be opened.

        Raises
        ------
        DataError
            If the data set has no such domain.
        """
        if dataset_name(domain) not in self._catalogue.specs:
            return None
        plain, domains = unperturbed(domain), self._catalogue.expand([dataset_name(domain)])
        if plain not in domains:
            raise DataError(unknown_name("domain", plain, domains))
        try:
            items = self._catalogue.domain(plain, 0).split("test")
        except BenchError:
            return None
        table = item_table(domain, items, [OK] * len(items)).select(COLUMNS).sort_by("item")
        return Reference(table, split_digest(items), "", f"the data set {dataset_name(domain)}")
