"""Names of perturbations: one for one thing, and an error for each mistake."""

import re

import pytest

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.pictures.perturbations import (
    canonical,
    chain_key,
    grammar,
)
from bandbench.benchmark.store.files import digest


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("platform:feed", "Write platform:preset=feed."),
        ("platform:fed", "Write platform:preset=feed."),
        ("jpeg:75", "Write jpeg:quality=75."),
        ("noise:1-3", "Write noise:sd=1-3."),
    ],
)
def test_a_value_without_its_parameter_is_understood(given: str, hint: str) -> None:
    with pytest.raises(StudyError, match=re.escape(hint)):
        grammar.parse_chain(given)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("noise", "noise:sd=10"),
        ("jpeg:quality=050", "jpeg:quality=50"),
        ("blur:sigma=1.50", "blur:sigma=1.5"),
        ("jpeg:quality=70+noise:sd=5", "jpeg:quality=70+noise:sd=5"),
        ("noise:probability=0.5:sd=3", "noise:sd=3:probability=0.5"),
        ("noise:faithful", "noise:faithful"),
        ("jpeg:faithful:quality=40", "jpeg:faithful:quality=40"),
        ("combined:quality=20", "combined:quality=20"),
        ("lowpass", "lowpass:cutoff=0.134"),
        ("lowpass:order=2:cutoff=.2", "lowpass:cutoff=0.2:order=2"),
        ("lowpass:cutoff=0.134-0.670", "lowpass:cutoff=0.134-0.67"),
        ("lowpass:cutoff=0.2-0.2", "lowpass:cutoff=0.2"),
        ("lowpass:faithful", "lowpass:faithful:radius=30"),
        ("lowpass:faithful:radius=30-150:probability=0.7", "lowpass:faithful:radius=30-150:probability=0.7"),
        ("bandpass", "bandpass:cutoff=0.2:width=0.1"),
        ("jpeg:quality=10-74", "jpeg:quality=10-74"),
        ("noise:sd=1e-3-2e1", "noise:sd=0.001-20"),
        ("fda", "fda:beta=0.01"),
        ("fda:faithful:beta=0.01-0.1", "fda:faithful:beta=0.01-0.1"),
        ("resize", "resize:scale=0.5:kernel=bicubic"),
        ("resize:kernel=area:scale=0.50-1.0", "resize:scale=0.5-1:kernel=area"),
        ("webp", "webp:quality=75"),
        ("platform", "platform:preset=feed"),
        ("depeak", "depeak:period=8"),
        ("depeak:halfwidth=0.010:period=4", "depeak:period=4:halfwidth=0.01"),
        ("match_spectrum+phase_only:probability=0.5", "match_spectrum+phase_only:probability=0.5"),
    ],
)
def test_one_name_for_one_thing(given: str, name: str) -> None:
    assert canonical(given) == name
    assert canonical(name) == name
    assert chain_key(given) == chain_key(name)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("jpg", "unknown perturbation 'jpg'. Did you mean 'jpeg'"),
        ("jpeg:qualty=5", "unknown parameter of perturbation jpeg 'qualty'. Did you mean 'quality'"),
        ("noise:faithful:sd=5", "unknown parameter of faithful perturbation noise 'sd'. Known: probability"),
        ("resize:scale=0.5:area", "Write resize:kernel=area."),
        ("noise+", "unknown perturbation ''"),
        ("jpeg:quality=0", "jpeg:quality lies between 1 and 100, got 0"),
        ("jpeg:quality=50.5", "jpeg:quality is a whole number, got '50.5'"),
        ("blur:sigma=big", "blur:sigma is a number, got 'big'"),
        ("noise:sd=nan", "noise:sd lies between 0 and 255, got nan"),
        ("crop:share=0.9", "crop:share lies between 0 and 0.5, got 0.9"),
        ("blur:faithful:kernel=4", "blur:kernel is odd, got 4"),
        ("lowpas", "unknown perturbation 'lowpas'. Did you mean 'lowpass'"),
        ("lowpass:cutoff=0", "lowpass:cutoff lies between 0.001 and 0.707, got 0"),
        ("lowpass:cutoff=30", "lowpass:cutoff lies between 0.001 and 0.707, got 30"),
        ("lowpass:order=1.5", "lowpass:order is a whole number, got '1.5'"),
        ("lowpass:cutoff=0.1-0.8", "lowpass:cutoff lies between 0.001 and 0.707, got 0.8"),
        ("lowpass:cutoff=0.3-0.1", "lowpass:cutoff is drawn from a range low-high, got 0.3-0.1"),
        ("lowpass:cutoff=0.1-", "lowpass:cutoff is a number, got '0.1-'"),
        ("lowpass:probability=0.1-0.2", "lowpass:probability is one number, got the range 0.1-0.2"),
        (
            "lowpass:faithful:cutoff=0.1",
            "unknown parameter of faithful perturbation lowpass 'cutoff'. Known: probability, radius",
        ),
        ("lowpass:faithful:radius=0", "lowpass:radius lies between 1 and 10000, got 0"),
        ("bandstop:faithful", "unknown faithful perturbation 'bandstop'"),
        ("fda:beta=0.6", "fda:beta lies between 0 and 0.5, got 0.6"),
        (
            "resize:kernel=bicubc",
            "resize:kernel 'bicubc'. Did you mean 'bicubic'? Known: area, bicubic, bilinear, lanczos, nearest",
        ),
        ("resize:kernel=1-2", "resize:kernel '1-2'. Known: area, bicubic"),
        ("resize:scale=0", "resize:scale lies between 0.05 and 4, got 0"),
        ("platform:preset=mesenger", "platform:preset 'mesenger'. Did you mean 'messenger'? Known: album, feed, messenger"),
        ("platform:feed", "perturbation platform 'feed'. Known: preset, probability. Write platform:preset=feed."),
        ("webp:quality=0", "webp:quality lies between 1 and 100, got 0"),
        ("depeak:period=8.5", "depeak:period is a whole number, got '8.5'"),
        ("depeak:period=1", "depeak:period lies between 2 and 64, got 1"),
        ("depeak:period=32", "depeak:halfwidth is below 0.0125 for period 32"),
        ("match_spectrum:faithful", "unknown faithful perturbation 'match_spectrum'"),
    ],
)
def test_mistakes(chain: str, message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        canonical(chain)


def test_no_perturbation_has_an_empty_key_and_a_version_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chain_key("") == []
    before = chain_key("noise")
    monkeypatch.setattr(grammar, "VERSION", grammar.VERSION + 1)
    assert chain_key("noise") != before


# Digests of keys before the perturbations of spectra came; chunks of the cache and records are found by them.
KEYS = {
    "noise": "1df10aaca5eac429",
    "noise:sd=5-20": "d12f4d6f27a95766",
    "noise:faithful": "70cd7d0f1b982084",
    "blur": "89f35d8ab59e9713",
    "blur:faithful": "e3ae18cf4277591a",
    "blur:faithful:kernel=5": "cef56e5356d3351e",
    "jpeg": "ed6930e645cb9939",
    "jpeg:faithful": "4597df9e3b00be96",
    "crop": "17ba51e132c8930b",
    "crop:faithful": "5b72cf6eac621593",
    "alike": "2abd45a07e8103d0",
    "alike:side=64": "6633f99856731100",
    "combined": "d55cc0548cc62ff5",
    "combined:faithful": "da46d5bdabddae7a",
    "lowpass": "014b7d57621670bf",
    "highpass:order=3": "68d31271811da2ce",
    "bandpass": "14caa30aabb44226",
    "bandstop": "6f972b58a948f9ed",
    "lowpass:faithful": "bc5e692321fa7795",
    "highpass:faithful": "93c08bbf15b6fb35",
    "fda": "3b5c4c29e4b86972",
    "fda:faithful": "a87549cee7b1b8fd",
    "jpeg:quality=80+noise:sd=3": "ea52f4502b5029e2",
    "lowpass:cutoff=0.134-0.67:probability=0.7": "ef5fe4f2f50cabc0",
}


@pytest.mark.parametrize("chain", KEYS)
def test_keys_stay_as_they_were(chain: str) -> None:
    assert digest(chain_key(chain))[:16] == KEYS[chain]
