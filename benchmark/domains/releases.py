"""Release dates of domains: of the generator, or of the data set where its fakes came out with it."""

from collections.abc import Iterable, Mapping

from ..errors import StudyError, unknown_name
from .catalogue import Catalogue
from .names import DomainName
from .release_date import Release


def release_dates(domains: Iterable[str], catalogue: Catalogue, stated: Mapping[str, str], seed: int = 0) -> dict[str, str]:
    """
    Return the release dates, as text, of those domains that have one; of perturbed domains under their unperturbed names.

    Parameters
    ----------
    domains, catalogue, stated, seed
        As for `releases`; a stated name that is none of the domains is passed over.
    """
    names = dict.fromkeys(DomainName.parse(domain).unperturbed for domain in domains)
    dates = {str(name): _date_of(name, catalogue, stated, seed) for name in names}
    return {name: text for name, text in dates.items() if text}


def _date_of(name: DomainName, catalogue: Catalogue, stated: Mapping[str, str], seed: int) -> str:
    """Return the date that the study states for a domain or its data set, else that of the data set; empty without one."""
    return stated.get(str(name)) or stated.get(name.dataset) or catalogue.open(str(name), seed).released(name.part)


def releases(domains: Iterable[str], catalogue: Catalogue, stated: Mapping[str, str], seed: int = 0) -> dict[str, Release]:
    """
    Return the releases of those domains that have one.

    Parameters
    ----------
    domains : iterable of str
        Perturbed or not.
    catalogue : Catalogue
    stated : mapping of str to str
        Dates of a study by name of a domain, or of a data set for all of its domains; they come before those that data sets
        know (`Dataset.released`).
    seed : int

    Raises
    ------
    StudyError
        If a stated name is none of the domains, or a date cannot be read.
    """
    names = {domain: DomainName.parse(domain).unperturbed for domain in domains}
    known = {str(name) for name in names.values()} | {name.dataset for name in names.values()}
    for name in stated:
        if name not in known:
            raise StudyError("dates: " + unknown_name("domain of this run", name, sorted(known)))
    found = {}
    for domain, name in names.items():
        if text := _date_of(name, catalogue, stated, seed):
            try:
                found[domain] = Release.parse(text)
            except ValueError as error:
                raise StudyError(f"dates: {domain}: {error}") from error
    return found
