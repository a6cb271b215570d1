"""Which frequencies carry evidence: in numbers for the map, in words above it."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from bandbench.benchmark.results.cell_document import NarrowBand
from bandbench.benchmark.results.evidence import Evidence, EvidenceStretch, evidence_text
from bandbench.leaderboard.transfer.band_transfer import Sweep, band_transfer, sentences

STEP = 0.05
N = 12
DOMAINS = ["set/a", "set/b", "set/c"]


def narrow(aucs: dict[str, list[float | None]], error: float | None = 0.01, kind: str = "band") -> list[NarrowBand]:
    """Entries of bands a step wide, one per AUC of each domain."""
    return [
        NarrowBand.from_json({
            "kind": kind, "low": round(STEP * i, 6), "high": round(STEP * (i + 1), 6), "val": [0.5, error],
            "tests": {name: [values[i], error] for name, values in aucs.items()},
        })
        for i in range(len(next(iter(aucs.values()))))
    ]  # fmt: skip


def peak(first: int, last: int, auc: float = 0.9) -> list[float | None]:
    return [auc if first <= i <= last else 0.5 for i in range(N)]


def test_home_comes_first_and_bands_ascend() -> None:
    entries = narrow({"set/b": peak(0, 1), "set/a": peak(2, 3)})
    entries += narrow({"set/b": peak(0, 1), "set/a": peak(5, 5, 0.3)}, kind="stop")
    told = band_transfer("set/a", entries[::-1], {"set/a": 0.95, "set/b": 0.7})
    assert told["domains"] == ["set/a", "set/b"]
    assert told["allpass"] == [0.95, 0.7]
    assert [band[0] for band in told["keep"]] == sorted(band[0] for band in told["keep"])
    assert told["keep"][2][2:] == [[0.9, 0.5], [0.01, 0.01]]
    assert told["stop"][5][2][0] == 0.3


@pytest.mark.parametrize("entries", [[], narrow({"set/a": [0.9, 0.9]})])
def test_without_narrow_bands_there_is_no_map(entries: list[NarrowBand]) -> None:
    assert band_transfer("set/a", entries, {}) == {}


def test_validation_stands_in_for_a_home_that_was_not_tested() -> None:
    told = band_transfer("set/a", narrow({"set/b": peak(0, 1)}), {"": 0.8, "set/b": 0.6})
    assert (told["domains"], told["home"], told["allpass"]) == (["set/a", "set/b"], "val", [0.8, 0.6])
    assert {band[2][0] for band in told["keep"]} == {0.5}
    assert "validation pictures" in told["sentences"][0]


def test_a_perturbed_home_is_its_own_pictures_as_they_are() -> None:
    told = band_transfer("set/a+jpeg:quality=5", narrow({"set/b": peak(0, 1), "set/a": peak(0, 1)}), {})
    assert (told["domains"], told["home"]) == (["set/a", "set/b"], "test")


def test_domains_that_a_band_lacks_are_left_out() -> None:
    entries = narrow({"set/a": peak(0, 1), "set/b": peak(0, 1)})
    entries[3] = replace(entries[3], tests={"set/a": entries[3].tests["set/a"]})
    assert band_transfer("set/a", entries, {})["domains"] == ["set/a"]


def test_undefined_numbers_stay_undefined() -> None:
    told = band_transfer("set/a", narrow({"set/a": [None] * 6}, error=None), {})
    assert all(math.isnan(band[2][0]) and math.isnan(band[3][0]) for band in told["keep"])
    assert math.isnan(told["allpass"][0])
    assert "no single narrow band is clearly better than chance" in told["sentences"][0]


def sweep(*columns: list[float | None], error: float = 0.01) -> Sweep:
    edges = np.array([[STEP * i, STEP * (i + 1)] for i in range(N)])
    auc = np.array(columns, dtype=float).T
    return Sweep(edges, auc, np.full_like(auc, error))


def test_intervals_are_simultaneous_over_the_bands() -> None:
    """An AUC that its own 95 % interval sets apart from 0.5 is not clear when there are twelve looks."""
    one, all_ = (NormalDist().inv_cdf(1 - 0.025 / n) for n in (1, N))
    between = 0.5 + 0.01 * (one + all_) / 2
    above = 0.5 + 0.0101 * all_
    assert sweep([between] * N).clear(0).sum() == 0
    assert sweep([above] * N).clear(0).all()
    assert sweep([1 - above] * N).clear(0, -1).all()


def test_chance_gives_a_false_stretch_in_five_of_a_hundred_sweeps_at_most() -> None:
    rng = np.random.default_rng(0)
    drawn = [sweep((0.5 + 0.02 * rng.standard_normal(N)).tolist(), error=0.02) for _ in range(1000)]
    assert np.mean([one.clear(0).any() for one in drawn]) < 0.04  # one side of 5 %


def test_with_every_band_that_is_found_the_limit_for_the_others_falls() -> None:
    first, second = (0.5 + 0.01 * (NormalDist().inv_cdf(1 - 0.025 / n) + 0.01) for n in (N, N - 1))
    assert second < first
    assert sweep([first, second, *[0.5] * (N - 2)]).clear(0).tolist() == [True, True, *[False] * (N - 2)]
    assert not sweep([second, *[0.5] * (N - 1)]).clear(0).any()


def of(*ends: tuple[float, float], necessary: bool | None = None) -> Evidence:
    return tuple(EvidenceStretch(low, high, True, necessary) for low, high in ends)


def test_sentences_name_what_also_carries_evidence_on_other_domains() -> None:
    inverted = [0.2 if i == 2 else 0.5 for i in range(N)]
    told = sentences(sweep(peak(2, 5), peak(4, 8), inverted), DOMAINS, of((0.1, 0.3)), "set/a")
    assert told[0] == (
        "In-domain, on validation pictures of set/a, 0.100–0.300 cycles/pixel carries evidence; best at 0.125 "
        "(AUC 0.900 in the map)."
    )
    assert told[1] == "On the mean of the 2 other domains, 0.217–0.283 cycles/pixel also carries evidence."
    assert told[2] == "On set/b, 0.218–0.283 cycles/pixel also carries evidence."
    assert told[3] == (
        "On set/c, none of these frequencies clearly carries evidence; in 0.100–0.150 cycles/pixel fakes score below reals "
        "there (AUC clearly below 0.5)."
    )


def test_several_stretches_are_listed_in_the_plural() -> None:
    two = [0.9 if i in (2, 5, 6) else 0.5 for i in range(N)]
    told = sentences(sweep(two), DOMAINS[:1], of((0.1, 0.15), (0.25, 0.35)), "set/a")
    assert "0.100–0.150 and 0.250–0.350 cycles/pixel carry evidence" in told[0]


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (of((0.1, 0.3), necessary=True), "0.100–0.300 cycles/pixel carries evidence, and all of it is necessary"),
        (
            of((0.1, 0.3), necessary=False),
            "carries evidence, and no single narrow band of it is necessary",
        ),
        (
            (EvidenceStretch(0.1, 0.2, True, False), EvidenceStretch(0.4, 0.5, True, True)),
            "carry evidence, and 0.400–0.500 cycles/pixel is necessary",
        ),
        (of((0.0, 0.7)), "nearly every frequency carries evidence"),
        (
            (EvidenceStretch(0.1, 0.2, False, True),),
            "better than chance; the AUC falls without 0.100–0.200 cycles/pixel.",
        ),
        ((), "no single narrow band is clearly better than chance."),
    ],
)
def test_the_first_sentence_is_the_evidence_of_the_cell(evidence: Evidence, words: str) -> None:
    """As the column of the table and `cell.json` have it, whatever the test pictures show."""
    told = sentences(sweep(peak(2, 5)), DOMAINS[:1], evidence, "set/a")[0]
    assert words in told
    ends = [f"{end:.3f}" for stretch in evidence or () for end in (stretch.low, stretch.high)]
    everywhere = "everywhere" in evidence_text(evidence)
    assert all((end in told) == (end in evidence_text(evidence)) for end in ends)
    assert everywhere == ("nearly every frequency" in told)


def test_evidence_abroad_alone_is_no_evidence_that_survived() -> None:
    told = sentences(sweep(peak(2, 3), peak(6, 8)), DOMAINS[:2], of((0.1, 0.2)), "set/a")
    assert told[1:] == ["On set/b, none of these frequencies clearly carries evidence."]
    assert sentences(sweep(peak(2, 3)), DOMAINS[:1], of((0.1, 0.2)), "set/a")[1:] == ["No other domain was tested."]


def test_a_pool_has_its_short_name_in_the_map_and_in_the_sentences() -> None:
    told = band_transfer("set/a & set/b & set/c", narrow({f"set/{letter}": peak(0, 1) for letter in "abcd"}), {}, ())
    assert (told["domains"], told["home"]) == (["all but set/d", "set/d"], "val")
    assert told["sentences"][0].startswith("In-domain, on validation pictures of all but set/d, no single")
