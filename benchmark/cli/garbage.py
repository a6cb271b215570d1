"""Python's search for unused objects that refer to each other; left alone, it takes a tenth of the time of a study."""

import atexit
import gc

NEW_OBJECTS = 10_000  # containers more than at the last search that begin another; Python's own limit is 700


def search_seldom() -> None:
    """Let this process search after more new objects than Python does by itself, and not at its end, where all memory goes."""
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
