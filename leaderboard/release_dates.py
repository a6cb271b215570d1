"""Release dates of the domains of a board: those that were recorded, that data sets know, and that a reader states."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..benchmark.domains.names import dataset_name, training_domains, unperturbed
from ..benchmark.domains.release_date import Release
from ..benchmark.errors import BenchError, unknown_name
from ..benchmark.results.rows import Row


def with_release_dates(rows: Sequence[Row], known: Callable[[str], str], stated: Mapping[str, str]) -> list[Row]:
    """
    Add release dates to rows.

    Parameters
    ----------
    rows : sequence of Row
    known : callable
        Takes a domain and returns the date that its data set knows, or an empty text. It is asked where none was recorded.
    stated : mapping of str to str
        Dates by domain or data set; they come before all others.

    Raises
    ------
    BenchError
        If a stated name is no domain of these rows, or a stated date cannot be read.
    """
    domains = {row.run_id + row.cell: _domains(row) for row in rows}
    names = {name for some in domains.values() for domain in some for name in (domain, dataset_name(domain))}
    for name, text in stated.items():
        if name not in names:
            raise BenchError("--released: " + unknown_name("domain or data set of this board", name, sorted(names)))
        require_date(text, name)
    dated = []
    for row in rows:
        recorded = row.released
        dates = {
            domain: stated.get(domain) or stated.get(dataset_name(domain)) or recorded.get(domain) or known(domain)
            for domain in domains[row.run_id + row.cell]
        }
        dated.append(replace(row, released={domain: text for domain, text in dates.items() if text}))
    return dated


def require_date(text: str, name: str) -> None:
    """
    Refuse a text that is no release date.

    Raises
    ------
    BenchError
        With the name of the domain.
    """
    try:
        Release.parse(text)
    except ValueError as error:
        raise BenchError(f"the release date of {name}: {error}") from error


def _domains(row: Row) -> tuple[str, ...]:
    tested = (test.domain for test in row.tests)
    return tuple(dict.fromkeys(map(unperturbed, (*training_domains([row.train]), *tested))))
