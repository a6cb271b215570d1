"""Blocks of arrays, as the page's scripts read them."""

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest

from bandbench.leaderboard.page.packing import ALIGNMENT, packed_block
from made_pages import block_of

ARRAYS = {
    "doubles": np.array([0.1, np.nan, -np.inf, 1e300]),
    "floats": np.array([0.5, -0.25, 3.0], dtype=np.float32),
    "shorts": np.array([-32768, -1, 0, 1, 256, 32767], dtype=np.int16),
    "bytes": np.array([-128, 127, 5], dtype=np.int8),
    "bits": np.array([255, 0, 7, 8, 9], dtype=np.uint8),
    "none": np.empty(0, dtype=np.float32),
}


def test_arrays_come_back_as_they_were() -> None:
    about = block_of(packed_block({"name": "\u00e9 </script>", "n": [1, 2]}, ARRAYS))
    assert about.pop("name") == "\u00e9 </script>"
    assert about.pop("n") == [1, 2]
    for name, array in ARRAYS.items():
        assert about[name].dtype == array.dtype
        np.testing.assert_array_equal(about[name], array)


def test_every_array_begins_where_a_typed_array_may() -> None:
    for name in ("a", "ab", "abc", "abcd", "abcde"):
        content = gzip.decompress(base64.b64decode(packed_block({name: 1}, ARRAYS)))
        length = int.from_bytes(content[:4], "little")
        assert (4 + length) % ALIGNMENT == 0
        places = json.loads(content[4 : 4 + length])["arrays"]
        assert [at % ALIGNMENT for _, at, _ in places.values()] == [0] * len(ARRAYS)


@pytest.mark.parametrize("about", [{"x": float("nan")}, {"x": float("inf")}])
def test_a_number_that_json_has_not_is_refused(about: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        packed_block(about, {})
