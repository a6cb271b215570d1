"""Mistakes in words: what was wanted and what came, for every kind that a file can meet."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from bandbench.benchmark.store.mistakes import mistake_text, real_mistakes, wanted


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    side: int = 1

    @model_validator(mode="after")
    def _even(self) -> "Part":
        if self.side % 2:
            raise ValueError("side is even.")
        return self


def mistakes(wanted_type: Any, value: Any) -> list[Any]:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(wanted_type).validate_python(value)
    return real_mistakes(error.value.errors())


@pytest.mark.parametrize(
    ("wanted_type", "value", "text"),
    [
        (bool, "perhaps", "wanted true or false, got 'perhaps'."),
        (bool, [], "wanted true or false, got []."),
        (int, "many", "wanted a whole number, got 'many'."),
        (int, 2.5, "wanted a whole number, got 2.5."),
        (int, None, "wanted a whole number, got None."),
        (int, float("nan"), "wanted a finite number, got nan."),
        (float, "wide", "wanted a number, got 'wide'."),
        (float, {}, "wanted a number, got {}."),
        (Annotated[int, Field(ge=0)], -1, "wanted a number of 0 or more, got -1."),
        (Annotated[float, Field(ge=0)], -0.5, "wanted a number of 0 or more, got -0.5."),
        (Annotated[float, Field(gt=0.25)], 0.25, "wanted a number above 0.25, got 0.25."),
        (Annotated[int, Field(le=100_000)], 10**12, "wanted a number of 100,000 or less, got 1000000000000."),
        (Annotated[float, Field(lt=0.5)], 1, "wanted a number below 0.5, got 1."),
        (str, 5, "wanted a text, got 5."),
        (Annotated[str, Field(min_length=1)], "", "wanted a text with 1 or more characters, got ''."),
        (Annotated[str, Field(max_length=3)], "abcd", "wanted a text of at most 3 characters, got 'abcd'."),
        (Annotated[str, Field(pattern="^a+$")], "b", "wanted a text of the form ^a+$, got 'b'."),
        (Literal["keep", "pixels"], "kepp", "wanted 'keep' or 'pixels', got 'kepp'. Did you mean 'keep'?"),
        (Literal["keep", "pixels"], 3, "wanted 'keep' or 'pixels', got 3."),
        (Colour, "gren", "wanted 'red' or 'green', got 'gren'. Did you mean 'green'?"),
        (tuple[int, ...], 5, "wanted a list, such as [a, b], got 5."),
        (dict[str, int], [5], "wanted a mapping, such as {a: 1}, got [5]."),
        (Part, 5, "wanted a mapping of keys, got 5."),
        (Part, {"side": 3}, "side is even."),
        (Annotated[list[int], Field(min_length=1)], [], "wanted a list with 1 or more entries, got []."),
        (tuple[int, int], [1, 2, 3], "wanted a list of at most 2 entries, got [1, 2, 3]."),
        (tuple[int, int], [1], "wanted an entry, got [1]."),
    ],
)
def test_each_kind_has_its_words(wanted_type: Any, value: Any, text: str) -> None:
    assert [mistake_text(one) for one in mistakes(wanted_type, value)] == [text]


def test_a_kind_without_words_of_its_own_keeps_those_of_the_library() -> None:
    assert wanted({"type": "bytes_type", "msg": "Input should be a valid bytes"}) == "a valid bytes"


def test_a_list_whose_entries_are_wrong_is_not_too_short() -> None:
    found = mistakes(Annotated[tuple[int, ...], Field(min_length=1)], ["a"])
    assert [(one["type"], one["loc"]) for one in found] == [("int_parsing", (0,))]


def test_a_long_value_is_shortened() -> None:
    (one,) = mistakes(int, "y" * 500)
    assert mistake_text(one).endswith("yyy….")
    assert len(mistake_text(one)) < 150
