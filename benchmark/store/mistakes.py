"""Mistakes in files and parameters, as pydantic finds them, in words: what was wanted and what came."""

import re
from collections.abc import Iterable
from typing import Any

from ..errors import nearest_name

SHOWN_VALUE = 100  # characters of a value in a message
VALUE_ERROR = "value_error"  # kind of a mistake that a check of ours found and described
QUOTED = re.compile(r"'([^']*)'")
# What was wanted, by the kind of the mistake; names in braces are of its context.
WANTED = {
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    "int_parsing_size": "a whole number of fewer digits",
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    "finite_number": "a finite number",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of {ge} or more",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of {le} or less",
    "string_type": "a text",
    "string_unicode": "a text without half of a surrogate pair",
    "string_too_short": "a text with {min_length} or more characters",
    "string_too_long": "a text of at most {max_length} characters",
    "string_pattern_mismatch": "a text of the form {pattern}",
    **dict.fromkeys(("literal_error", "enum"), "{expected}"),
    **dict.fromkeys(("tuple_type", "list_type"), "a list, such as [a, b]"),
    **dict.fromkeys(("dict_type", "mapping_type"), "a mapping, such as {{a: 1}}"),
    **dict.fromkeys(("model_type", "model_attributes_type"), "a mapping of keys"),
    "invalid_key": "a key that is a text",
    "none_required": "null",
    "too_short": "a list with {min_length} or more entries",
    "too_long": "a list of at most {max_length} entries",
    "path_type": "a path",
    "missing": "an entry",
}


def wanted(error: Any) -> str:
    """Return what was wanted where pydantic found a mistake, as ``a whole number``; the text of a check of ours as it is."""
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    if kind not in WANTED:
        return message.removeprefix("Input should be ")
    return WANTED[kind].format_map({name: _number_text(value) for name, value in error.get("ctx", {}).items()})


def _number_text(value: Any) -> Any:
    """Write a bound as people do: 100,000 and 0 instead of 100000 and 0.0; anything else stays."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else value


def real_mistakes(errors: Iterable[Any]) -> list[Any]:
    """
    Return the mistakes of `ValidationError.errors` that are mistakes.

    A list that has enough entries is called too short where they are wrong themselves, which other errors say.
    """
    return [one for one in errors if not (one["type"] == "too_short" and len(one["input"]) >= one["ctx"]["min_length"])]


def complaint(error: Any) -> str:
    """Return ``wanted a whole number`` and the like, or the text of a check of ours, without a full stop."""
    return wanted(error).rstrip(".") if error["type"] == VALUE_ERROR else f"wanted {wanted(error)}"


def mistake_text(error: Any) -> str:
    """
    Return a mistake as a sentence: what was wanted, what came, and the nearest of the values there are.

    Parameters
    ----------
    error : mapping
        An entry of `ValidationError.errors`.
    """
    if error["type"] == VALUE_ERROR:
        return f"{complaint(error)}."
    choices = QUOTED.findall(error.get("ctx", {}).get("expected", "")) if error["type"] in ("literal_error", "enum") else []
    near = nearest_name(error["input"], choices) if isinstance(error["input"], str) else ""
    return f"{complaint(error)}, got {shown(error['input'])}.{near}"


def shown(value: Any) -> str:
    """Write a value as Python does, shortened."""
    text = repr(value)
    return text if len(text) <= SHOWN_VALUE else f"{text[: SHOWN_VALUE - 1]}…"
