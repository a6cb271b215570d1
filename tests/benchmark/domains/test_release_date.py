"""Release dates: their precision, and what is later than what."""

from datetime import date

import pytest

from bandbench.benchmark.domains.release_date import Release


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2022", date(2022, 1, 1), date(2022, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2022-08-22", date(2022, 8, 22), date(2022, 8, 22)),
    ],
)
def test_a_date_is_a_day_a_month_or_a_year(text: str, first: date, last: date) -> None:
    assert Release.parse(text) == Release(first, last)


@pytest.mark.parametrize("text", ["", "22", "2022-13", "2022-02-30", "August 2022", "2022-8", "0000"])
def test_no_other_text_is_a_date(text: str) -> None:
    with pytest.raises(ValueError, match="date"):
        Release.parse(text)


def test_a_period_is_later_if_it_begins_after_the_end_of_the_other() -> None:
    year, month = Release.parse("2022"), Release.parse("2022-08")
    assert not month.is_later(year)
    assert not year.is_later(month)
    assert Release.parse("2022-09-01").is_later(month)
    assert not month.is_later(month)
