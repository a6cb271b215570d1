"""Notes on domains whose classes are stored in two ways, so that facts of the files alone separate them."""

from collections.abc import Iterator, Sequence

from ..benchmark.results.rows import Row, Shortcut


def marked_shortcuts(rows: Sequence[Row]) -> dict[tuple[str, Shortcut], list[int]]:
    """
    List the audits that mark rows.

    Parameters
    ----------
    rows : sequence of Row

    Returns
    -------
    dict of (str, Shortcut) to list of int
        Domain, or short name of the training, and audit; indices of the rows that were trained or tested there.
    """
    marked: dict[tuple[str, Shortcut], list[int]] = {}
    for i, row in enumerate(rows):
        for domain, shortcut in dict.fromkeys(_audits(row)):
            if shortcut.is_marked:
                marked.setdefault((domain, shortcut), []).append(i)
    return marked


def shortcut_sentence(domain: str, shortcut: Shortcut) -> str:
    """Return the finding on a domain as a sentence of its own."""
    sentence = shortcut.sentence(domain)
    return sentence[0].upper() + sentence[1:]


def _audits(row: Row) -> Iterator[tuple[str, Shortcut]]:
    for domain, shortcut in ((row.train_label, row.shortcut), *((test.domain, test.shortcut) for test in row.tests)):
        if shortcut is not None:
            yield domain, shortcut
