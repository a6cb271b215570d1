"""Name and entries of the file of a cell's folder that holds the pictures of its worst mistakes."""

from ..contracts import FAKE, REAL

FILE = "mistakes.json"
PER_CLASS = 6
NAMES = {REAL: "reals", FAKE: "fakes"}
