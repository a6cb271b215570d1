"""Words in the names of pictures and folders: for frames, persons and clips, and for classes and splits."""

import re
from collections.abc import Sequence

from ..copies.tree import CLASS_WORDS, SPLIT_NAMES, class_of_folder

SIDE = re.compile("|".join((*CLASS_WORDS, *SPLIT_NAMES)), re.IGNORECASE)
SEPARATORS = re.compile(r"([\s_-]+)")
FRAME_WORDS = "frames?|frm|fr|f|burst"
PERSON_WORDS = "id|pid|uid|person|people|subject|subj|sub|actor|identity|ident|speaker|user"
CLIP_WORDS = "clip|video|vid|sequence|seq|scene|take|track|session|movie|film"


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
