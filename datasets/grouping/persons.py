"""Persons in names that cross them with sentences, poses or scenes: of ``s1_an_2`` the person is ``s1``."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ...benchmark.domains.splits import N_FOLDS
from .name_columns import COARSE, FINE, Column, Kind, name_columns
from .readings import ENOUGH, MATCHED, REPEATED, UNCLEAR, AmbiguousNamesError, Reading, column_reading, decided
from .words import CLIP_WORDS, FRAME_WORDS, PERSON_WORDS

TIME = re.compile(r".*\d[\W_]+\d{10,}\D*")
NUMBERED = re.compile(r"([^\W\d_]{2,})\d{0,3}")
MOST = 1 / N_FOLDS  # of the pictures that one word names; a larger one is a series of several persons: Radio1, Radio2
SEVERAL = 3  # numbers that are more than a clip's
FRAME_WORD, PERSON_WORD, CLIP_WORD = (re.compile(words, re.IGNORECASE) for words in (FRAME_WORDS, PERSON_WORDS, CLIP_WORDS))


def by_person(reading: Reading, stems: Sequence[str]) -> Reading:
    """
    Return the coarser reading by person, where the groups of a reading are persons crossed with something else.

    Words that number their clips are persons (``Obama1_003``, ``Obama2_001``). Otherwise the person is the first part of the
    names that has enough values and recurs with all values of another part. A number stands before all words, as one behind
    them may be a clip.

    Parameters
    ----------
    reading : Reading
    stems : sequence of str
        Names without suffix, in the same order.

    Returns
    -------
    Reading
        The same one where no part of the keys is a person.

    Raises
    ------
    AmbiguousNamesError
        If two parts may be the person: a number and, behind it, many words or numbers (``1001_DFA_ANG``); or the number that
        the reading takes as running, where the groups are combinations of a few numbers (``01-03-02-12``). And if a number
        stands before others and a date and time, as it may tell an age and no person (``25_0_1_20170116174525125``).
    """
    for part in (COARSE, FINE):
        columns = name_columns(stems, part, MATCHED, REPEATED)
        if any(PERSON_WORD.fullmatch(column.word) for column in columns):  # then the names say who the person is
            return reading
        inside = [column for column in columns if _is_inside(column, reading)]
        if _are_combined(inside) and (number := _number_instead(reading, columns, inside)):
            return number
        cut_words = [column for column in columns if column.kind is Kind.WORD and column not in inside]
        if len(reading.groups) < ENOUGH and len(cut_words) > 1 and (number := _number_instead(reading, columns, cut_words)):
            return number
        if numbered := next(filter(None, (_by_words(column, reading) for column in inside)), None):
            return numbered
        person = next((column for i, column in enumerate(inside) if _is_person(column, inside[:i], inside, reading)), None)
        if person:
            found = column_reading([person], None, reading.labels)
            if rival := next((other for other in inside if _may_be_the_person_instead(other, person)), None):
                raise AmbiguousNamesError(found, column_reading([rival], None, reading.labels))
            if _is_bare(person) and _end_with_a_time(stems):
                raise AmbiguousNamesError(found, reading)
            return found
    return reading


def with_persons(readings: Sequence[Reading], stems: Sequence[str]) -> tuple[Reading, ...]:
    """
    Put readings by a part that may be the person, and that is crossed with another, before and instead of finer ones.

    Parameters
    ----------
    readings : sequence of Reading
        Two that disagree.
    stems : sequence of str
        Names without suffix, in the same order.

    Returns
    -------
    tuple of Reading
        At least two; of readings by one part those in which most of the given ones lie. The given ones where there are none.
    """
    rows = [i for i, keys in enumerate(zip(*(reading.keys for reading in readings), strict=True)) if any(keys)]
    given = [reading.of_rows(rows) for reading in readings]
    for part in (COARSE, FINE):
        held: dict[int, list[Reading]] = defaultdict(list)  # readings by the number of those that lie in them
        for column in (columns := name_columns([stems[i] for i in rows], part, MATCHED, REPEATED)):
            may_be = column.n_values >= ENOUGH and not FRAME_WORD.fullmatch(column.word)
            if may_be and any(are_crossed(column, other) for other in columns if other is not column):
                found = column_reading([column], None, given[0].labels)
                held[sum(reading.finer_than(found) for reading in given)].append(found)
        if n_inside := max((n for n, some in held.items() if any(one.fits for one in some)), default=0):
            persons = [one for one in held[n_inside] if one.fits]
            apart = [r for r, one in zip(readings, given, strict=True) if not any(map(one.within, persons))]
            finer = [r for r, one in zip(readings, given, strict=True) if any(map(one.finer_than, persons))]
            together = [*(person.spread(rows, readings[0].labels) for person in persons), *apart]
            return tuple(together if len(together) > 1 else [*together, *finer[:1]])
    return tuple(readings)


def few_persons(stems: Sequence[str], labels: Sequence[int]) -> tuple[str, ...]:
    """
    Return the persons whom names may begin with, where they are too few to be groups: ``DC_a01_0001``, ``JE_a01_0001``.

    Parameters
    ----------
    stems : sequence of str
        Names without suffix that are in finer groups.
    labels : sequence of int

    Returns
    -------
    tuple of str
        Two to nine values, at least two in each class, as a value of one class alone may be a method; empty where names begin
        with nothing that recurs with most values of another part.
    """
    for part in (COARSE, FINE):
        columns = name_columns(stems, part, MATCHED, REPEATED)
        first = next(iter(columns), None)
        if first is None or not first.is_first or FRAME_WORD.fullmatch(first.word) or CLIP_WORD.fullmatch(first.word):
            continue
        of_class = [{v for v, of in zip(first.values, labels, strict=True) if v and of == label} for label in set(labels)]
        are_few = first.n_values < ENOUGH and min(map(len, of_class)) > 1
        if are_few and any(other.n_values >= ENOUGH and are_crossed(first, other) for other in columns[1:]):
            return tuple(sorted(set(first.values) - {""}))
    return ()


def _by_words(column: Column, reading: Reading) -> Reading | None:
    """Return the reading by the words of a column that number the clips of a person: ``Obama1``, ``Obama2``, ``Merkel1``."""
    matches = [NUMBERED.fullmatch(value) for value in column.values]
    words = tuple(match[1] if match else "" for match in matches)
    if column.kind is not Kind.WORD or any(value and not word for value, word in zip(column.values, words, strict=True)):
        return None
    sizes = Counter(filter(None, words))
    are_persons = ENOUGH <= len(sizes) < column.n_values and max(sizes.values()) <= MOST * len(words)
    return column_reading([replace(column, values=words)], None, reading.labels) if are_persons else None


def _number_instead(reading: Reading, columns: Sequence[Column], inside: Sequence[Column]) -> Reading | None:
    """
    Return the reading by a number that is the person instead of combinations of several parts, as of sentences and emotions.

    A number behind all of them is the frame, unless the combinations are of a few numbers each.
    """
    last = columns.index(inside[-1])
    are_few = len(inside) >= SEVERAL and all(_is_bare(column) and column.n_values < ENOUGH for column in inside)
    for place, column in enumerate(columns):
        is_number = column.kind is Kind.NUMBER and column not in inside and not FRAME_WORD.fullmatch(column.word)
        if is_number and column.n_values >= ENOUGH and (place < last or are_few):
            persons = column_reading([column], None, reading.labels)
            if persons.fits and decided(reading, persons) is persons:
                return persons
    return None


def _may_be_the_person_instead(other: Column, person: Column) -> bool:
    """Return True for a second part of many values that recurs with those of a number without letters: ``1001_DFA``."""
    return _is_bare(person) and other.n_values >= ENOUGH and are_crossed(person, other)


def _end_with_a_time(stems: Sequence[str]) -> bool:
    """Return True if nearly all names end with a date and time, before which a number may be an age."""
    return sum(map(bool, map(TIME.fullmatch, stems))) >= MATCHED * len(stems)


def _is_inside(column: Column, reading: Reading) -> bool:
    """Return True if each group has one value of a column."""
    return all(len({column.values[i] for i in some} - {""}) <= 1 for some in reading.groups.values())


def _is_person(column: Column, before: Sequence[Column], inside: Sequence[Column], reading: Reading) -> bool:
    if not ENOUGH <= column.n_values < len(reading.groups) or CLIP_WORD.fullmatch(column.word):
        return False
    if column.kind is Kind.WORD and not all(map(_is_bare, before)):
        return False
    if not all(_is_bare(other) if _is_bare(column) else other.kind is Kind.WORD or _is_bare(other) for other in before):
        return False
    others = [other for other in inside if other is not column]
    is_first = not before and not _is_bare(column)  # of names that go from the whole to the part
    return any(are_crossed(column, other) or (is_first and _has_parts(column, other)) for other in others)


def _is_bare(column: Column) -> bool:
    """Return True for numbers without letters."""
    return column.kind is Kind.NUMBER and not column.word and all(map(str.isdigit, filter(None, column.values)))


def _are_combined(columns: Sequence[Column]) -> bool:
    return any(are_crossed(one, other) for i, one in enumerate(columns) for other in columns[:i])


def are_crossed(one: Column, other: Column) -> bool:
    """Return True if most values of each of two columns recur with several values of the other."""
    return _varies(one, other) and _varies(other, one)


def _has_parts(whole: Column, part: Column) -> bool:
    """Return True if each value of a part belongs to one whole, and most wholes have several."""
    return _varies(whole, part) and len(set(zip(whole.values, part.values, strict=True)) - {("", "")}) == part.n_values


def _varies(one: Column, other: Column) -> bool:
    beside: dict[str, set[str]] = defaultdict(set)
    for value, second in zip(one.values, other.values, strict=True):
        if value and second:
            beside[value].add(second)
    return sum(len(some) > 1 for some in beside.values()) >= UNCLEAR * len(beside) > 0
