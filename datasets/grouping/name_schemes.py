"""
Schemes of file names: the part of a name that pictures of one clip or person share.

A reading of the names is evidence and not a guess: it has to fit the whole listing, and of two readings that fit and disagree
one is taken only where classes or running numbers contradict the other.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ...benchmark.domains.splits import N_FOLDS
from ..copies.tree import class_of_folder
from .continued_names import BY_ORIGINAL, continued_keys
from .name_columns import CHANCE, COARSE, COUNTING, FINE, HEXADECIMAL, LETTER, Column, Kind, name_columns, share_crossed
from .persons import by_person
from .readings import CLEAR, ENOUGH, MATCHED, REPEATED, AmbiguousNamesError, Reading, coarser, column_reading, decided, shape_of
from .words import CLIP_WORDS, FRAME_WORDS, PERSON_WORDS, is_side, without_settings, without_sides

SUFFIX = re.compile(r"(?<=.)\.\w{1,12}$")
# Which face of a frame, or a score between 0 and 1.
PART = re.compile(
    r"(?:(?:^|[\W_]+|(?<=\d))(?:face|crop|head|cover)[\W_]*\d*|(?<=.)(?:_|[^\w.]+)(?:0?\.\d+|1\.0+))\W*$", re.IGNORECASE
)
FIRST_PART = re.compile(r"^(?:face|crop|head)[\W_]*\d*[\W_]+(?=.)", re.IGNORECASE)
LAST_TOKEN = re.compile(r"(.+?)[\W_]+([^\W_]+)\W*")
FIRST_TOKEN = re.compile(r"\W*([^\W_]+)[\W_]+(.+)")
TRAILING = r"(?:[\W_]+[^\W\d_]+)*\W*"  # words after the last number
FRAME = re.compile(rf"(?:^|[\W_]+|(?<=\d))(?:{FRAME_WORDS})[\W_]?(\d+)(?=$|[\W_])", re.IGNORECASE)
PERSON = re.compile(rf"(?:^|[\W_]|(?<=\d))({PERSON_WORDS})[\W_]?(\d+)", re.IGNORECASE)
CLIP = re.compile(rf"(?:^|[\W_]|(?<=\d))({CLIP_WORDS})[\W_]?(\d+)", re.IGNORECASE)
# 1.50s, 01h02m03s
TIME = re.compile(
    r"(.+?)[\W_]+t?(?:\d+(?:[.,]\d+)?[ _]?(?:ms|sec|s)|(?:\d+h)?\d+m\d+s\d*)\W*", re.IGNORECASE
)  # 1.50s, 01h02m03s
LAST = re.compile(rf"(.+?)[\W_]+(\d+){TRAILING}")
LAST_TWO = re.compile(rf"(.+?)[\W_]+\d+[\W_]+(\d+){TRAILING}")
WORD_NUMBER = re.compile(r"([^\W\d_]{2,})(\d+)")
FIRST = re.compile(rf"\W*({COUNTING})[\W_]+(.+)")
NUMBERED = re.compile(r".*\d")  # as persons and clips are
COMPRESSION = re.compile(r"raw|(?:c|q|crf|qp)\d{1,3}", re.IGNORECASE)
COPY = re.compile(r".+(?:\(\d+\)|copy[\W_]*\d+)\W*", re.IGNORECASE)  # how systems number copies, so that this number runs
FIRST_PATTERN = r"(?:^|/)\d+[\W_]+([^/]+)\."  # of a path, for the message

SEPARATED = re.compile(r"[\W_]+")
SHORTEST_HASH, HASH_START = 6, 3  # digits
LONGEST_NUMBERS = 9  # of a hexadecimal clip and frame, and what stands between them
CROSSED = 0.5  # share of the pairs of clip and frame that there are, of all


@dataclass(frozen=True)
class Named:
    """A picture as far as its name goes: path below the class folder, and label."""

    inner: str
    label: int

    @cached_property
    def stem(self) -> str:
        """Name without its suffix; class words at both ends are no part of it, nor the number of a face."""
        short = FIRST_PART.sub("", PART.sub("", self._whole))
        return without_sides(short) or short

    @property
    def in_parts(self) -> bool:
        """True if the name tells which face of a frame it shows, or just that it shows one."""
        return bool(PART.search(self._whole) or FIRST_PART.search(self._whole))

    @cached_property
    def _whole(self) -> str:
        stem = SUFFIX.sub("", unicodedata.normalize("NFC", self.inner.rpartition("/")[2]))
        stem = without_sides(stem) or ("" if class_of_folder(stem) is not None else stem)
        match = WORD_NUMBER.fullmatch(stem)
        return match[2] if match and is_side([match[1]]) else stem  # fake1


def read_names(pictures: Sequence[Named]) -> Reading | None:
    """
    Choose the reading of the names of a listing.

    Names that fit no reading as a whole are read class by class, as two sources of pictures may be named in two ways.

    Parameters
    ----------
    pictures : sequence of Named

    Returns
    -------
    Reading, or None
        None where names tell nothing: running numbers, hashes, one name and a number.

    Raises
    ------
    AmbiguousNamesError
        If two readings fit about equally well and disagree.
    """
    full = [picture.stem for picture in pictures]
    labels = [picture.label for picture in pictures]
    if all(stem.isdigit() for stem in full):  # mostly running numbers, as in many large folders
        return _of_digits(full, labels)
    if keys := continued_keys(full, ENOUGH, REPEATED):
        return Reading(BY_ORIGINAL, tuple(labels), keys, (-1,) * len(keys))
    stems = _without_settings(full, labels)
    if all(stem.isdigit() for stem in stems):
        return _of_digits(stems, labels)
    if reading := _of_hashes(stems, labels) or _of_hexadecimals(stems, labels):
        return reading
    in_parts = [picture.in_parts for picture in pictures]
    whole = _choose(stems, labels, in_parts)
    if whole or len(set(labels)) == 1:
        return whole and _by_person(_without_versions(whole), stems)
    keys, numbers, names = [""] * len(stems), [-1] * len(stems), []
    for label in sorted(set(labels)):
        rows = [i for i, of in enumerate(labels) if of == label]
        try:
            of_class = [stems[i] for i in rows]
            part = _choose(of_class, [label] * len(rows), [in_parts[i] for i in rows])
            part = part and by_person(part, of_class)
        except AmbiguousNamesError as error:
            raise AmbiguousNamesError(*(reading.spread(rows, labels) for reading in error.readings)) from error
        if part:
            names.append(part.name)
            for i, key, number in zip(rows, part.keys, part.numbers, strict=True):
                keys[i], numbers[i] = key, number
    return Reading(" and ".join(dict.fromkeys(names)), tuple(labels), tuple(keys), tuple(numbers)) if names else None


def _without_settings(stems: Sequence[str], labels: Sequence[int]) -> list[str]:
    """Leave out sizes and settings, class by class, as those of fakes alone may come from a generator."""
    in_turn = {
        label: iter(without_settings([s for s, of in zip(stems, labels, strict=True) if of == label], MATCHED, REPEATED))
        for label in set(labels)
    }
    return [next(in_turn[label]) for label in labels]


def _by_person(reading: Reading, stems: Sequence[str]) -> Reading:
    """Return the coarser reading by person; class by class where the names of the two have different numbers of parts."""
    by_persons = by_person(reading, stems)
    if by_persons is not reading or any(name_columns(stems, part, MATCHED, REPEATED) for part in (COARSE, FINE)):
        return by_persons
    keys = list(reading.keys)
    for label in set(reading.labels):
        rows = [i for i, of in enumerate(reading.labels) if of == label]
        try:
            of_class = by_person(reading.of_rows(rows), [stems[i] for i in rows])
        except AmbiguousNamesError as error:
            raise AmbiguousNamesError(*(one.spread(rows, reading.labels) for one in error.readings)) from error
        for row, key in zip(rows, of_class.keys, strict=True):
            keys[row] = key
    other = replace(reading, name=shape_of(stems, keys) or "person", keys=tuple(keys), numbers=(-1,) * len(keys), pattern="")
    return other if len(other.groups) < len(reading.groups) and reading.within(other) else reading


def _without_versions(reading: Reading) -> Reading:
    """Leave out the part of each key that tells the method or the compression, where the same clips come in several."""
    found = [COARSE.findall(key) for key in reading.keys]
    lengths = {len(some) for some in found if some}
    n_parts = max(lengths, default=0)
    # One of the methods may have no word, or one that names a class and is no part of the stem.
    parts = [[""] * (n_parts - len(some)) + some if some else [] for some in found]
    for place in range(n_parts if lengths <= {n_parts - 1, n_parts} and n_parts > 1 else 0):
        values: dict[str, set[int]] = defaultdict(set)  # labels by value
        versions: dict[str, set[str]] = defaultdict(set)  # values by the rest of the key
        keys = ["_".join(filter(None, [*some[:place], *some[place + 1 :]])) for some in parts]
        for some, key, label in zip(parts, keys, reading.labels, strict=True):
            if key:
                values[some[place]].add(label)
                versions[key].add(some[place])
        of_class = len(set(reading.labels)) > 1 and all(len(labels) == 1 for labels in values.values())
        are_versions = (of_class and not any(map(NUMBERED.fullmatch, values))) or all(map(COMPRESSION.fullmatch, values))
        are_whole = all(bool(key) == bool(old) for key, old in zip(keys, reading.keys, strict=True))
        recurring = sum(len(some) > 1 for some in versions.values()) >= REPEATED * len(versions)
        if are_versions and are_whole and recurring and 1 < len(values) < N_FOLDS and len(versions) >= ENOUGH:
            name = shape_of(keys, keys) or f"{reading.name}, without {' and '.join(sorted(filter(None, values))[:2])}"
            return _without_versions(replace(reading, name=name, keys=tuple(keys), pattern=""))
    return reading


def _choose(stems: Sequence[str], labels: Sequence[int], in_parts: Sequence[bool]) -> Reading | None:
    """Choose among the readings of some names: by words first, then by the place of a number, then by what repeats."""
    return _by_words_or_place(stems, labels, in_parts) or next(
        filter(None, (_of_columns(stems, labels, p) for p in (COARSE, FINE))), None
    )


def _by_words_or_place(stems: Sequence[str], labels: Sequence[int], in_parts: Sequence[bool]) -> Reading | None:
    short = _without_constant_ends(stems, LAST_TOKEN, 1, 2)
    by_words = [
        _reading(short, labels, _frame_key, "name without the frame number"),
        _reading(short, labels, _time_key, "name without the time"),
        _reading(short, labels, _key_of_words((PERSON,)), "name of the person"),
        _reading(short, labels, _key_of_words((PERSON, CLIP)), "name of the person and clip"),
    ]
    told = coarser([reading for reading in by_words if reading.fits])
    if told and len(told.groups) >= ENOUGH:
        return told
    last, last_two, first, whole = (
        _reading(names, labels, key_of, name, pattern)
        for names, key_of, name, pattern in (
            (short, _key_before(LAST), "name up to the last number", r"([^/]+?)[\W_]+\d+\W*\."),
            (short, _key_before(LAST_TWO), "name up to the last two numbers", ""),
            (_without_constant_ends(short, FIRST_TOKEN, 2, 1), _key_after_first, "name after the first number", FIRST_PATTERN),
            (short, lambda stem: (stem, -1), "name", ""),
        )
    )
    forward = [reading for reading in (last, last_two) if reading.fits]
    if told:
        return last if last.fits and last.within(told) else told
    if not first.fits:
        return coarser(forward) or (whole if whole.fits and sum(in_parts) >= MATCHED * len(stems) else None)
    if not forward:
        # Frames are hardly ever numbered before the clip, so that this reading has to be borne out.
        if first.purity < CLEAR and first.regularity < CLEAR:
            return None
        number = _reading(short, labels, _first_number, "the first number", r"(?:^|/)\D*(\d+)[^/]*$")
        return decided(number, first) if len(first.groups) < len(number.groups) >= ENOUGH and number.fits else first
    return first if decided(forward[0], first) is first else coarser(forward)


def _of_digits(stems: Sequence[str], labels: Sequence[int]) -> Reading | None:
    """
    Read numbers of one width that are a clip and a frame without anything between: ``00070003``.

    The frames of nearly every clip begin at the same number, run in equal steps, and leave most of their digits' range free.
    """
    widths = set(map(len, stems))
    width = max(widths) if len(widths) == 1 and all(map(str.isdecimal, stems)) else 0  # a superscript is a digit, too
    for place in range(1, width):
        frames = tuple(int(stem[place:]) for stem in stems)
        reading = Reading(f"their first {place} digits", tuple(labels), tuple(stem[:place] for stem in stems), frames)
        begins = Counter(min(frames[i] for i in some) for some in reading.groups.values()).most_common(1)[0][1]
        is_free = max(frames) < CROSSED * 10 ** (width - place)
        if is_free and len(reading.groups) >= ENOUGH and begins >= CLEAR * len(reading.groups) and reading.fits:
            return reading if reading.regularity >= CLEAR else None
    return None


def _of_hashes(stems: Sequence[str], labels: Sequence[int]) -> Reading | None:
    """
    Read hashes of clips that a frame number follows without anything between: ``3fa9c27be1d0003``.

    So many first digits are read as no two hashes have in common by chance; they differ from clip to clip.
    """
    widths = set(map(len, stems))
    width = max(widths) if len(widths) == 1 and all(map(HEXADECIMAL.fullmatch, stems)) else 0
    place = next((n for n in range(SHORTEST_HASH, width) if len(stems) ** 2 <= CHANCE * 16**n), 0)
    keys = tuple(stem[:place] for stem in stems)
    clips = set(keys) if place else set[str]()
    n_starts = len({key[:HASH_START] for key in clips})
    are_hashes = sum(not key.isdigit() for key in clips) > len(clips) / 2 and n_starts >= min(len(clips), 16**HASH_START) / 4
    reading = Reading(f"their first {place} digits", tuple(labels), keys, (-1,) * len(keys))
    return reading if len(clips) >= ENOUGH and are_hashes and reading.fits else None


def _of_hexadecimals(stems: Sequence[str], labels: Sequence[int]) -> Reading | None:
    """
    Read hexadecimal numbers of one width that are a clip and a frame, in some order: ``a3_0f``, ``a30f``.

    The names have most of the pairs of the two, which those of hashes do not, and leave most of the range of one of them free,
    which running numbers do not.
    """
    if any(len(stem) > LONGEST_NUMBERS for stem in stems):
        return None
    parts = [SEPARATED.split(stem) for stem in stems]
    shapes = {tuple(map(len, some)) for some in parts}
    if len(shapes) != 1 or not all(HEXADECIMAL.fullmatch(part) for some in parts for part in some):
        return None
    (widths,), short = shapes, ["".join(some) for some in parts]
    if len(widths) > 2 or any(map(str.isdecimal, map("".join, zip(*parts, strict=True)))):
        return None
    for place in widths[:1] if len(widths) == 2 else range(1, *widths):
        ends = [stem[:place] for stem in short], [stem[place:] for stem in short]
        counts = [len(set(end)) for end in ends]
        may_be_free = ends if len(widths) == 2 else ends[1:]
        is_free = any(max(int(n, 16) for n in end) < CROSSED * 16 ** len(end[0]) for end in may_be_free)
        if min(counts) > 1 and is_free and len(set(short)) >= CROSSED * counts[0] * counts[1]:
            one, other = (
                Reading(f"their {side} digits", tuple(labels), tuple(keys), tuple(int(number, 16) for number in numbers))
                for side, keys, numbers in (("first", *ends), ("last", *reversed(ends)))
            )
            return decided(one, other) if one.fits and other.fits else None
    return None


def _of_columns(stems: Sequence[str], labels: Sequence[int], part: re.Pattern[str]) -> Reading | None:
    """
    Read names whose parts stand in columns: ``anna_x7f3``, ``out003_anna``, ``c07n003``.

    Words are the group, numbers where a word for a person or clip stands before them. Of two numbers without such a word one is
    the clip and the other the frame, if names have most of their pairs.
    """
    columns = name_columns(stems, part, MATCHED, REPEATED)
    frames = [column for column in columns if column.kind is Kind.NUMBER and re.fullmatch(FRAME_WORDS, column.word)]
    keys = [c for c in columns if c.kind is Kind.WORD or re.fullmatch(f"{PERSON_WORDS}|{CLIP_WORDS}", c.word)]
    others = [column for column in columns if column not in keys and column not in frames]
    many = [column for column in others if column.n_values >= ENOUGH]
    if not keys and _are_clip_and_frame(others):
        one, other = others
        readings = column_reading([one], other, labels), column_reading([other], one, labels)
        return decided(*readings) if all(reading.fits for reading in readings) else None
    if not keys and ((frames and len(others) == 1) or _begin_with_a_person(others)):
        keys, others = others[:1], others[1:]
    number = next(iter([*frames, *others]), None)
    # What stands behind a numbered person or clip may be left out; the first words of a prompt are no group of their own.
    least = 1 if keys and all(NUMBERED.fullmatch(value) for value in keys[0].values if value) else len(keys)
    readings = (column_reading(keys[:n], number, labels) for n in range(len(keys), least - 1, -1) if n)
    reading = next((reading for reading in readings if reading.fits), None)
    if reading is None or len(reading.groups) < ENOUGH:
        fitting = [one for column in many if (one := column_reading([column], None, labels)).fits]
        return (decided(*fitting) if len(fitting) == 2 else fitting[0]) if 0 < len(fitting) < 3 and keys else None
    for column in columns[: columns.index(keys[0])]:  # more numbers than words may be persons, the words poses or sentences
        if column in others and column.n_values > len(reading.groups):
            persons = column_reading([column], None, labels)
            reading = decided(reading, persons) if persons.fits else reading
    return reading


def _are_clip_and_frame(numbers: Sequence[Column]) -> bool:
    """Return True for two numbers of which names have most pairs, or one has many values and the first begins names."""
    begin_names = len(numbers) == 2 and numbers[0].is_first and any(number.n_values >= ENOUGH for number in numbers)
    return len(numbers) == 2 and (share_crossed(*numbers) >= CROSSED or begin_names)


def _begin_with_a_person(numbers: Sequence[Column]) -> bool:
    """Return True if names begin with a number, alone or behind a word; a letter is no person: ``a0``, ``b1``."""
    if not numbers or not numbers[0].is_first or all(value.isalpha() for value in numbers[0].values if value):
        return False
    return len(numbers) == 1 or bool(numbers[0].word)


def _without_constant_ends(stems: Sequence[str], token: re.Pattern[str], rest: int, end: int) -> list[str]:
    """Strip what all names begin or end with, as it tells nothing; `rest` and `end` are groups of `token`."""
    short = list(stems)
    while short:
        matches = [match for stem in short if (match := token.fullmatch(stem))]
        if len(matches) < len(short) or len({match[end] for match in matches}) > 1:
            break
        short = [match[rest] for match in matches]
    return short


Key = Callable[[str], tuple[str, int]]  # group and running number in a name; ("", -1) where they are not found


def _reading(stems: Sequence[str], labels: Sequence[int], key_of: Key, name: str, pattern: str = "") -> Reading:
    found = {stem: key_of(stem) for stem in dict.fromkeys(stems)}
    keys, numbers = zip(*(found[stem] for stem in stems), strict=True) if stems else ((), ())
    reading = Reading(name, tuple(labels), tuple(keys), tuple(numbers), pattern)
    return replace(reading, name=shape_of(stems, keys) or name) if reading.fits else reading


def _frame_key(stem: str) -> tuple[str, int]:
    matches = list(FRAME.finditer(stem))
    if not matches:
        return "", -1
    frame = matches[-1]
    rest = [part.strip(" _-.()") for part in (stem[: frame.start()], stem[frame.end() :])]
    return without_sides("_".join(filter(None, rest))), int(frame[1])


def _time_key(stem: str) -> tuple[str, int]:
    match = TIME.fullmatch(stem)
    return (without_sides(match[1].strip(" _-.(")), -1) if match else ("", -1)


def _key_of_words(patterns: Sequence[re.Pattern[str]]) -> Key:
    """Return the key of the numbers behind some words: ``id07``, ``id07_clip3``."""

    def key_of(stem: str) -> tuple[str, int]:
        matches = [match for pattern in patterns for match in pattern.finditer(stem)]
        return "_".join(f"{match[1]}{match[2]}" for match in matches), -1

    return key_of


def _key_before(pattern: re.Pattern[str]) -> Key:
    def key_of(stem: str) -> tuple[str, int]:
        match = pattern.fullmatch(stem) or (WORD_NUMBER.fullmatch(stem) if pattern is LAST else None)
        return (without_sides(match[1].strip(" _-.(")), int(match[2])) if match else ("", -1)

    return key_of


def _first_number(stem: str) -> tuple[str, int]:
    match = FIRST.fullmatch(stem)
    return (match[1], -1) if match else ("", -1)


def _key_after_first(stem: str) -> tuple[str, int]:
    match = None if COPY.fullmatch(stem) else FIRST.fullmatch(stem)
    key = without_sides(match[2].strip(" _-.()")) if match else ""
    return (key, int(match[1])) if match and not LETTER.fullmatch(key) else ("", -1)
