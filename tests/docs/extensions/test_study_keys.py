"""Every key of a study file is in the reference, with a meaning."""

import re

import pytest

from extensions.study_keys import MODELS, study_keys_text

TEXT = study_keys_text()


@pytest.mark.parametrize("place", MODELS)
def test_every_key_has_a_line_with_its_meaning(place: str) -> None:
    (keys,) = re.findall(rf"^### Keys of {place}$(.*?)(?=^#|\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
    lines = [re.split(r"\s*(?<!\\)\|\s*", line.strip("| ")) for line in keys.splitlines() if line.startswith("| `")]
    assert [line[0].strip("`") for line in lines] == list(MODELS[place].model_fields)
    assert [line[0] for line in lines if not "".join(line[3:]).strip()] == []


@pytest.mark.parametrize(
    "line",
    [
        r"| `seeds` | whole number from 1 to 100 | `3` |",
        r"| `train` | list of text | required |",
        r"| `protocol` | one of all\_pairs, leave\_one\_out, later\_only | `all_pairs` |",
        r"| `cutoff` | \[lowest, highest\], each a number | `[0.03, 0.66]` |",
        r"| `sweep` | mapping or null | see below |",
    ],
)
def test_types_defaults_and_limits_are_stated(line: str) -> None:
    assert line in TEXT
