"""Release dates: their precision, what is later than what, and what a study says over what a data set knows."""

from datetime import date

import pytest

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.releases import Release, releases
from bandbench.benchmark.errors import StudyError
from bandbench.datasets.diffusion import Diffusion
from bandbench.datasets.ffpp import FFPP


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


def test_a_study_states_dates_of_a_data_set_or_of_one_of_its_domains() -> None:
    domains = ["procedural/nearest", "procedural/planted+noise:sd=5", "procedural/blend"]
    found = releases(domains, Catalogue(), {"procedural": "2020", "procedural/planted": "2021-03"})
    assert {name: str(release.first) for name, release in found.items()} == {
        "procedural/nearest": "2020-01-01",
        "procedural/planted+noise:sd=5": "2021-03-01",
        "procedural/blend": "2020-01-01",
    }
    assert releases(domains, Catalogue(), {}) == {}


def test_a_date_of_nothing_is_refused() -> None:
    with pytest.raises(StudyError, match=r"procedural/nearst.*Did you mean 'procedural/nearest'"):
        releases(["procedural/nearest"], Catalogue(), {"procedural/nearst": "2020"})


def test_data_sets_know_the_dates_of_their_generators() -> None:
    assert FFPP.released(FFPP(), "Deepfakes@c23") == "2019-01"  # whatever the compression
    assert Diffusion.released(Diffusion(), "ADM") == "2021-05"
    assert Diffusion.released(Diffusion(), "Unheard-of") == ""
    dates = (*FFPP.dates.values(), *Diffusion.dates.values())
    assert all(Release.parse(text).first > date(2017, 1, 1) for text in dates)
