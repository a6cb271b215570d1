"""Words in the names of pictures and folders: for frames, persons and clips, for classes and splits, and for settings."""

import re
from collections import Counter
from collections.abc import Sequence

from ..copies.tree import CLASS_WORDS, SPLIT_NAMES, class_of_folder

SIDE = re.compile("|".join((*CLASS_WORDS, *SPLIT_NAMES)), re.IGNORECASE)
SEPARATORS = re.compile(r"([\s_-]+)")
FRAME_WORDS = "frames?|frm|fr|f|burst"
PERSON_WORDS = "id|pid|uid|person|people|subject|subj|sub|actor|identity|ident|speaker|user"
CLIP_WORDS = "clip|video|vid|sequence|seq|scene|take|track|session|movie|film"
SETTING_WORDS = "cfg|cfg_?scale|guidance|guidance_?scale|scale|strength|denoise|denoising|steps?|quality|dpi"
SIZES = "|".join(str(side * 2**k) for side in (32, 48) for k in range(1, 8))  # of one side
SIZE = re.compile(r"(?:^|[\W_]+)[1-9]\d{1,3}x[1-9]\d{1,3}(?=$|[\W_])", re.IGNORECASE)  # a season and its episode are 01x02
_SETTING = rf"[\W_](?:{SETTING_WORDS}|seed|q|v)[\W_]?\d[\d.]*"
SETTING = re.compile(rf"(.*[^\W_])[\W_]+(?:{SETTING_WORDS})[\W_]?\d+(?:\.\d+)?\W*", re.IGNORECASE)
# Behind a number that is no setting these may count clips.
VERSION = re.compile(rf"(.*(?:[^\W\d_]|{_SETTING}))[\W_]+(?:q(?:[1-9]\d|100)|v\d{{1,2}}|{SIZES})\W*", re.IGNORECASE)
SEED = re.compile(rf"(.*(?:[^\W\d_]|{_SETTING}))[\W_]+seed[\W_]?\d+\W*", re.IGNORECASE)


def without_settings(stems: Sequence[str], most: float, repeated: float) -> list[str]:
    """
    Strip sizes in pixels from names, and settings of a generator or codec that nearly all of them end with.

    Settings that agree by chance make no group: ``castle_cfg7_steps30``, ``dog_seed5_1024x1024``, ``fox_q95``, ``fox_v2``,
    ``fox_512``.

    Parameters
    ----------
    stems : sequence of str
        Names of one class.
    most : float
        Least share of the names that end with a setting.
    repeated : float
        Share of the names, from which on a seed that is not alone tells versions of one picture, and is kept.
    """
    short = [SIZE.sub("", stem).lstrip(" _-.") or stem for stem in stems]
    while True:
        ends = [match and match[1] for match in (SETTING.fullmatch(stem) or VERSION.fullmatch(stem) for stem in short)]
        if not _are_most(ends, most):
            sizes = Counter(short)
            ends = [match and match[1] for match in map(SEED.fullmatch, short)]
            if not _are_most(ends, most) or sum(sizes[stem] > 1 for stem in short) >= repeated * len(short):
                return short
        short = [end or stem for end, stem in zip(ends, short, strict=True)]


def _are_most(ends: Sequence[str | None], most: float) -> bool:
    return sum(map(bool, ends)) >= max(1, most * len(ends))


def without_sides(key: str) -> str:
    """Strip words for a class or a split from both ends of a name."""
    if not SIDE.search(key):  # as most names have none
        return key
    words = SEPARATORS.split(key)  # with what stands between them
    while words:
        if is_side(words):
            return ""
        if is_side(words[:1]):
            words = words[2:]
        elif is_side(words[-1:]):
            words = words[:-2]
        else:
            break
    return "".join(words)


def is_side(words: Sequence[str]) -> bool:
    """Return whether words together name a class or a split; with a number among them they may name a person or clip."""
    name = "".join(words)
    return not any(map(str.isdigit, words)) and (class_of_folder(name) is not None or name.lower() in SPLIT_NAMES)
