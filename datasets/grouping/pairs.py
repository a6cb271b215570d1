"""
Targets and donors in the names of fakes, beside reals that tell one person: ``id3_id7_0001``, ``033_097/0001``.

Persons are numbers or letters and a number (`read_pairs`), or whatever groups the reals (`read_mentions`).
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from ...benchmark.contracts import FAKE, REAL
from ...benchmark.domains.splits import N_FOLDS
from ..copies.tree import SPLIT_NAMES, class_of_folder
from .name_schemes import Named
from .readings import ENOUGH, MATCHED, REPEATED, UNCLEAR
from .words import FRAME_WORDS, PERSON_WORDS

PART = re.compile(r"[^\W_]+")
PERSON = re.compile(r"([^\W\d_]*)(\d+)")
FRAME_WORD = re.compile(FRAME_WORDS)
LETTERS = re.compile(r"[^\W\d_]")
PERSON_WORD = re.compile(PERSON_WORDS, re.IGNORECASE)
DIGITS = "0123456789"
AMONG_REALS = 0.8  # share of the targets, and of the donors, that reals show
USUAL = 0.25  # share of the fakes that mention a person in one place
MIRRORED = 6  # pairs whose mirror image is there, where reals tell nothing
SAMPLE = 500  # fakes whose names tell that those of all are no pairs
LIFT = 5  # times as many mirror images as numbers that know nothing of each other have
BOTH_ORDERS = 0.2  # share of the pairs whose first one is smaller, and of those whose second one is; 10_25 may be an interval
JOINING_WORDS = "to|into|onto|on|swap|swapped|with|from"
JOINED = re.compile(rf"(?<=\d)[\W_]+(?:{JOINING_WORDS})[\W_]+(?=[^\W\d_]*\d)", re.IGNORECASE)  # 033_to_097, p3-swap-p9
JOINED_WORDS = re.compile(rf"(.*?[^\W_])[\W_]+(?:{JOINING_WORDS})[\W_]+([^\W_].*)")
WORD_PAIR = re.compile(r"[\W_]*([^\W\d_]+\d*)[\W_]+([^\W\d_]+\d*)(?![^\W_])")

Span = tuple[int, int]  # of parts of a name
Pair = tuple[str, str]  # target and donor
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Identities and clip that a name tells, empty where it tells none."""

    target: str = ""
    donor: str = ""
    video: str = ""


@dataclass(frozen=True)
class _Parts:
    """
    Parts of a name, from the first one on that may be a person.

    Attributes
    ----------
    parts : tuple of str
    n_leading : int
        Number of parts, from the first on, that have the form of the first one: letters, which agree, and digits.
    has_words : bool
        True if words stood before: ``Deepfakes_033_097``.
    """

    parts: tuple[str, ...]
    n_leading: int
    has_words: bool

    @property
    def prefix(self) -> str:
        """Letters before the number of the person; empty where there are none."""
        match = PERSON.fullmatch(self.parts[0])
        return match[1] if match else ""

    def place(self, n_persons: int) -> Place:
        """Return the persons and, where more parts follow, the clip: all but the last part."""
        clip = "_".join(self.parts[:-1]) if len(self.parts) > n_persons else ""
        return Place(self.parts[0], self.parts[1] if n_persons > 1 else "", clip)


def read_pairs(pictures: Sequence[Named]) -> tuple[Place, ...] | None:
    """
    Read fakes that are called after a target and a donor, ``033_097_0001``, beside reals ``033_0001``.

    Persons are numbers, or letters and a number (``id3_id7_0001`` beside ``id3_0004``), in the name or in that of the folder
    (``033_097/0001`` beside ``033/0001``). Words for a method may stand before them.

    Parameters
    ----------
    pictures : sequence of Named

    Returns
    -------
    tuple of Place, or None
        None where names are no such pairs. They are if targets and donors are among the reals, whose names have one person
        less; if the pairs tell it by themselves (`are_swaps`); or if both are called by a word for a person.
        Pictures that tell no person have an empty place.
    """
    return next(filter(None, (_read(pictures, parts_of) for parts_of in (_of_name, _of_folder, _of_words))), None)


def untold_pair(pictures: Sequence[Named]) -> str:
    """Return the path of a fake whose first two parts may be persons, though nothing tells it; empty if there is none."""
    fakes = [picture for picture in pictures if picture.label == FAKE]
    words = [match and (match[1], match[2]) for match in (WORD_PAIR.match(fake.stem.lower()) for fake in _sample(fakes))]
    if sum(map(bool, words)) >= MATCHED * len(words) and may_be_swaps(set(filter(None, words))):
        return fakes[0].inner
    for parts_of in (_of_name, _of_folder):
        parts = _leading_pairs(fakes, parts_of)
        if may_be_swaps({(some.parts[0], some.parts[1]) for some in parts if some and some.n_leading > 1}):
            return fakes[0].inner
    return ""


def _of_name(picture: Named) -> "_Parts | None":
    return _parts(picture.stem)


def _of_folder(picture: Named) -> "_Parts | None":
    return _parts(f"{_folder(picture.inner)}_{picture.stem}")


def _of_words(picture: Named) -> "_Parts | None":
    return _parts(picture.inner.rpartition(".")[0], PERSON_WORD)


def _leading_pairs(fakes: Sequence[Named], parts_of: Callable[[Named], "_Parts | None"]) -> "list[_Parts | None]":
    """Return the parts of fakes; none where a sample tells that the names of most do not begin with two persons."""
    sample = [parts_of(fake) for fake in _sample(fakes)]
    n_pairs = sum(some is not None and some.n_leading > 1 for some in sample)
    return [parts_of(fake) for fake in fakes] if n_pairs >= UNCLEAR * len(sample) else []


def _folder(inner: str) -> str:
    """Return the folder next to a picture that names neither a class nor a split."""
    folders = inner.split("/")[:-1]
    return next((f for f in reversed(folders) if class_of_folder(f) is None and f.lower() not in SPLIT_NAMES), "")


def _parts(text: str, word: re.Pattern[str] | None = None) -> _Parts | None:
    """
    Take a name apart; None if no part of it has the form of a person.

    With a pattern of words for a person, all persons are those called by one, and stand together whatever lies between them.
    """
    parts = PART.findall(JOINED.sub("_", text.lower()))
    prefixes = [_prefix(part) for part in parts]
    if any(prefix and FRAME_WORD.fullmatch(prefix) for prefix in prefixes):  # frames last
        parts.sort(key=lambda part: bool(FRAME_WORD.fullmatch(_prefix(part) or "")))
    if word:
        called = [part for part in parts if (prefix := _prefix(part)) and word.fullmatch(prefix)]
        parts = [*dict.fromkeys(called), *(part for part in parts if part not in called)]
    prefixes = [_prefix(part) for part in parts]
    start = next((i for i, prefix in enumerate(prefixes) if prefix is not None), None)
    if start is None:
        return None
    prefixes = prefixes[start:]
    n_leading = next((i for i, prefix in enumerate(prefixes) if prefix != prefixes[0]), len(prefixes))
    return _Parts(tuple(parts[start:]), n_leading, start > 0)


@lru_cache(maxsize=2**16)
def _prefix(part: str) -> str | None:
    """Return the letters before the number that a part is; None if it is none."""
    match = PERSON.fullmatch(part)
    return match[1] if match else None


def _read(pictures: Sequence[Named], parts_of: Callable[[Named], _Parts | None]) -> tuple[Place, ...] | None:
    of_class = {FAKE: _leading_pairs([picture for picture in pictures if picture.label == FAKE], parts_of)}
    forms = Counter((some.prefix, some.n_leading) for some in of_class[FAKE] if some)
    if not forms:
        return None
    (prefix, n_leading), n_fakes = forms.most_common(1)[0]
    if n_leading < 2 or n_fakes < MATCHED * len(of_class[FAKE]):
        return None
    of_class[REAL] = [parts_of(picture) for picture in pictures if picture.label == REAL]
    in_turn = {label: iter(some) for label, some in of_class.items()}
    parts = [next(in_turn[picture.label]) for picture in pictures]

    def is_one(some: _Parts | None, n: int) -> bool:
        return some is not None and (some.prefix, some.n_leading) == (prefix, n)

    fakes = [some.parts for some in of_class[FAKE] if some and is_one(some, n_leading)]
    reals = [some.parts for some in of_class[REAL] if some and is_one(some, n_leading - 1)]
    pairs = {(target, donor) for target, donor, *_ in fakes}
    if all(target == donor for target, donor in pairs):
        return None
    persons, shown = {person for pair in pairs for person in pair}, {real[0] for real in reals}
    may_be_a_batch = not prefix and n_leading < 3 and any(some and some.has_words for some in parts)  # gen_3_12
    among = _are_among(pairs, shown, whole=bool(prefix) or len(reals) >= MATCHED * len(of_class[REAL])) and not may_be_a_batch
    if not (among or PERSON_WORD.fullmatch(prefix) or are_swaps(pairs)):
        return None
    are_shown = among or bool(prefix) or (len(shown) >= ENOUGH and _share(shown, persons) >= REPEATED)

    def place(some: _Parts | None, picture: Named) -> Place:
        if some is None:
            return Place()
        if is_one(some, n_leading) and (
            picture.label == FAKE or some.parts[:2] in pairs
        ):  # reals may be called after the fakes
            return some.place(2)
        # A number in a folder or behind a word may be that of a picture.
        tells_person = are_shown or not (some.has_words or _folder(picture.inner))
        return some.place(1) if picture.label == REAL and is_one(some, n_leading - 1) and tells_person else Place()

    return tuple(place(some, picture) for some, picture in zip(parts, pictures, strict=True))


def _sample(some: Sequence[T]) -> Sequence[T]:
    return random.Random(0).sample(some, SAMPLE) if len(some) > SAMPLE else some


def _are_among(pairs: Iterable[tuple[str, str]], persons: set[str], whole: bool) -> bool:
    """Return True if targets and donors are persons that reals show; a few numbers of all pairs are no donors, but variants."""
    targets, donors = ({pair[side] for pair in pairs} for side in (0, 1))
    return whole and len(donors) >= N_FOLDS and all(_share(some, persons) >= AMONG_REALS for some in (targets, donors))


def are_swaps(pairs: Set[Pair]) -> bool:
    """
    Return True if pairs by themselves tell that persons were swapped; numbers of clips and frames, or of tiles, do not.

    No person is swapped with itself, though many would be if sides knew nothing of each other, and some come first in one pair
    and second in another. Or many more pairs have their mirror image than chance gives.
    """
    targets, donors = _sides(pairs)
    n_with_itself = sum(n * donors[person] for person, n in targets.items()) / max(1, len(pairs))
    return _are_unlike(pairs) and (_are_mirrored(pairs) or n_with_itself >= N_FOLDS)


def may_be_swaps(pairs: Set[Pair]) -> bool:
    """Return True if nearly all that stand on one side of pairs stand on the other, too, and none with itself."""
    targets, donors = _sides(pairs)
    recur = len(pairs) >= ENOUGH and min(_share(targets, set(donors)), _share(donors, set(targets))) >= AMONG_REALS
    return recur and _are_unlike(pairs)


def _are_unlike(pairs: Set[Pair]) -> bool:
    """Return True if no pair is one with itself, and pairs stand in both orders, which the ends of intervals do not."""
    n_ascending = sum(target < donor for target, donor in pairs)
    in_both_orders = BOTH_ORDERS * len(pairs) <= n_ascending <= (1 - BOTH_ORDERS) * len(pairs)
    return in_both_orders and not any(target == donor for target, donor in pairs)


def _are_mirrored(pairs: Set[Pair]) -> bool:
    """Return True if many more pairs have their mirror image than chance gives."""
    targets, donors = _sides(pairs)
    mirrored = [pair for pair in pairs if pair[::-1] in pairs]
    n_by_chance = sum(min(1.0, targets[donor] * donors[target] / len(pairs)) for target, donor in mirrored)
    return len(mirrored) >= max(MIRRORED, LIFT * n_by_chance)


def _sides(pairs: Set[Pair]) -> tuple[Counter[str], Counter[str]]:
    targets, donors = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    return targets, donors


def _share(some: Iterable[object], of: set) -> float:
    some = list(some)
    return sum(one in of for one in some) / max(1, len(some))


def swapped_persons(pictures: Sequence[Named]) -> tuple[str, ...]:
    """
    Return persons without a number whom the names of fakes tell by themselves: ``anna_to_bert_3``, ``anna1_to_bert2``.

    A word such as ``to`` joins them, or nothing if nearly all pairs have their mirror image: ``anna_bert``, ``bert_anna``.

    Parameters
    ----------
    pictures : sequence of Named

    Returns
    -------
    tuple of str
        Their names, with ``_`` between the parts; empty where names are no such pairs.
    """
    stems = sorted({picture.stem.lower() for picture in pictures if picture.label == FAKE})
    for joined in (True, False) if stems else ():
        split_at = JOINED_WORDS if joined else WORD_PAIR
        sample = _sample(stems)
        if sum(map(bool, map(split_at.match, sample))) < UNCLEAR * len(sample):
            continue
        sides = [[PART.findall(side) for side in match.groups()] for match in map(split_at.match, stems) if match]
        if len(sides) < MATCHED * len(stems):
            continue
        (usual, _), *_ = Counter(len(left) for left, _ in sides).most_common(1)
        for size in sorted({usual, 1}, reverse=True):
            whole = {("_".join(left[-size:]), "_".join(right[:size])) for left, right in sides}
            for pairs in (whole, {(left.rstrip(DIGITS), right.rstrip(DIGITS)) for left, right in whole}):
                persons = {person for pair in pairs for person in pair}
                may_be_persons = len(persons) >= ENOUGH and all(map(LETTERS.search, persons))  # young_to_old is an attribute
                if may_be_persons and ((joined and (are_swaps(pairs) or may_be_swaps(pairs))) or _are_mirror_images(pairs)):
                    return tuple(sorted(persons))
    return ()


def _are_mirror_images(pairs: Set[Pair]) -> bool:
    """Return True if most pairs have their mirror image, and none is one with itself."""
    return _are_unlike(pairs) and _are_mirrored(pairs) and sum(pair[::-1] in pairs for pair in pairs) >= UNCLEAR * len(pairs)


def read_mentions(pictures: Sequence[Named], groups: Sequence[str]) -> tuple[Place, ...] | None:
    """
    Read fakes whose path mentions groups of the reals: ``anna1_to_anna2_3``, ``001_M101_00`` beside ``M101_00``.

    Parameters
    ----------
    pictures : sequence of Named
    groups : sequence of str
        Of the reals alone, in the order of `pictures`; empty for fakes, and for reals without one.

    Returns
    -------
    tuple of Place, or None
        The first group that a fake mentions is its target, the second its donor; a fake that mentions none has them where most
        fakes do. None if fewer than half of the fakes mention one, and if groups have no letters, as numbers recur by chance.
        Persons whom the fakes tell by themselves (`swapped_persons`) need be in no real.
    """
    persons = {tuple(person.split("_")): person for person in swapped_persons(pictures)}
    persons |= {tuple(PART.findall(group.lower())): group for group in groups if LETTERS.search(group)}
    if len(persons) < N_FOLDS:
        return None
    parts = [PART.findall(picture.inner.rpartition(".")[0].lower()) if picture.label == FAKE else [] for picture in pictures]
    mentions = [_mentions(some, persons) for some in parts]
    n_fakes = sum(picture.label == FAKE for picture in pictures)
    if sum(map(bool, mentions)) < REPEATED * n_fakes:
        return None
    ends = "" if any(person[-1][-1].isdigit() for person in persons) else DIGITS  # of persons without digits
    usual = _usual_spans(parts, mentions)

    def place(some: Sequence[str], spans: Mapping[Span, str]) -> Place:
        free = [span for span in usual.get(len(some), ()) if not any(_overlap(span, other) for other in spans)]
        told = {**spans, **{span: "_".join(some[slice(*span)]).rstrip(ends) for span in free}}
        return Place(*list(dict.fromkeys(filter(None, (told[span] for span in sorted(told)))))[:2])

    return tuple(
        Place(group if LETTERS.search(group) else "") if picture.label == REAL else place(some, spans)
        for picture, group, some, spans in zip(pictures, groups, parts, mentions, strict=True)
    )


def _usual_spans(parts: Sequence[Sequence[str]], mentions: Sequence[Mapping[Span, str]]) -> dict[int, list[Span]]:
    """Return the places in which fakes mention a person, by the number of parts of their path."""
    totals = Counter(len(some) for some, spans in zip(parts, mentions, strict=True) if spans)
    counts = Counter((len(some), span) for some, spans in zip(parts, mentions, strict=True) for span in spans)
    usual: dict[int, list[Span]] = {}
    for (length, span), n in counts.most_common():
        others = usual.setdefault(length, [])
        if n >= USUAL * totals[length] and not any(_overlap(span, other) for other in others):
            others.append(span)
    return usual


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _mentions(parts: Sequence[str], persons: Mapping[tuple[str, ...], str]) -> dict[Span, str]:
    """Return the groups that a path mentions, by their place in it; of two in one place the longer one."""
    longest = max(map(len, persons), default=0)
    found: dict[Span, str] = {}
    start = 0
    while start < len(parts):
        size = next((n for n in range(longest, 0, -1) if _person(parts[start : start + n], persons)), 0)
        if size:
            found[start, start + size] = _person(parts[start : start + size], persons)
        start += max(size, 1)
    return found


def _person(parts: Sequence[str], persons: Mapping[tuple[str, ...], str]) -> str:
    """Return the person that parts of a name are, with or without the digits behind it; empty if they are none."""
    without = (*parts[:-1], parts[-1].rstrip(DIGITS))
    return persons.get(tuple(parts)) or persons.get(without) or ""
