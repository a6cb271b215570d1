"""Arrays and texts packed into one block of the page, which its scripts unpack when they are asked for what is in it."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 8  # bytes: typed arrays of JavaScript begin at multiples of their element's size
KINDS = {np.dtype(name): name for name in ("float64", "float32", "int16", "int8", "uint16", "uint8")}


def packed_block(about: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> str:
    """
    Pack a JSON object and arrays as text.

    Parameters
    ----------
    about : mapping
        What is no array; ``arrays`` is added to it.
    arrays : mapping of str to array
        One-dimensional, of a type in `KINDS`. Integers of 16 bits are split into their low and their high bytes, since high
        bytes that lie beside each other are compressed better.

    Returns
    -------
    str
        Base64 of the gzipped bytes: the length of the JSON text (4 bytes, little endian), the text, and the arrays at the
        places that it names.
    """
    places, parts, at = {}, [], 0
    for name, array in arrays.items():
        content = _bytes(array)
        places[name] = [KINDS[array.dtype], at, len(array)]
        parts.append(content + bytes(-len(content) % ALIGNMENT))
        at += len(parts[-1])
    text = json.dumps({**about, "arrays": places}, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % ALIGNMENT)
    whole = b"".join([len(text).to_bytes(4, "little"), text, *parts])
    return base64.b64encode(gzip.compress(whole, 6, mtime=0)).decode()


def _bytes(array: NDArray) -> bytes:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    if array.dtype.kind in "iu" and array.dtype.itemsize == 2:
        return plain.view(np.uint8).reshape(-1, 2).T.tobytes()
    return plain.tobytes()
