"""Release dates: what a study says comes before what a data set knows."""

from datetime import date

import pytest

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.release_date import Release
from bandbench.benchmark.domains.releases import release_dates, releases
from bandbench.benchmark.errors import StudyError
from bandbench.datasets.diffusion import Diffusion
from bandbench.datasets.ffpp import FFPP


def test_a_study_states_dates_of_a_data_set_or_of_one_of_its_domains() -> None:
    domains = ["procedural/nearest", "procedural/planted+noise:sd=5", "procedural/blend"]
    found = releases(domains, Catalogue(), {"procedural": "2020", "procedural/planted": "2021-03"})
    assert {name: str(release.first) for name, release in found.items()} == {
        "procedural/nearest": "2020-01-01",
        "procedural/planted+noise:sd=5": "2021-03-01",
        "procedural/blend": "2020-01-01",
    }
    assert releases(domains, Catalogue(), {}) == {}


def test_dates_are_recorded_as_texts_of_unperturbed_domains() -> None:
    domains = ["procedural/nearest", "procedural/planted+noise:sd=5"]
    assert release_dates(domains, Catalogue(), {"procedural/planted": "2021-03", "unheard_of": "2020"}) == {
        "procedural/planted": "2021-03"
    }


def test_a_date_of_nothing_is_refused() -> None:
    with pytest.raises(StudyError, match=r"procedural/nearst.*Did you mean 'procedural/nearest'"):
        releases(["procedural/nearest"], Catalogue(), {"procedural/nearst": "2020"})


def test_data_sets_know_the_dates_of_their_generators() -> None:
    assert FFPP.released(FFPP(), "Deepfakes@c23") == "2019-01"  # whatever the compression
    assert Diffusion.released(Diffusion(), "ADM") == "2021-05"
    assert Diffusion.released(Diffusion(), "Unheard-of") == ""
    dates = (*FFPP.dates.values(), *Diffusion.dates.values())
    assert all(Release.parse(text).first > date(2017, 1, 1) for text in dates)
