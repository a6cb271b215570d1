"""Spectra and audits from Python: the numbers of the commands, as tables and figures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bandbench as bb
from bandbench.api.options import OptionError
from bandbench.benchmark.errors import BenchError, DataError


def test_spectra_tell_where_the_fakes_differ(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    """Fakes have more amplitude from 0.2 to 0.3 cycles/pixel, and the same standard deviation as reals."""
    measured = bb.spectra(data={"mine": picture_folder(n=12)}, crop=64, jobs=1, progress=False)
    table = measured.to_pandas()
    assert list(table) == ["domain", "label", "frequency", "profile", "profile_std", "density", "density_std", "density_error"]
    assert set(table["label"]) == {"real", "fake"}
    real, fake = (table[table["label"] == label].reset_index() for label in ("real", "fake"))
    assert real["frequency"].is_monotonic_increasing
    np.testing.assert_allclose(fake["density"] / real["density"] - 1, real["density_error"], rtol=1e-9)
    louder = (fake["profile"] - real["profile"]).groupby(real["frequency"].between(0.21, 0.29)).mean()
    assert louder[True] > louder[False] + 2  # dB
    assert repr(measured) == "Spectra(mine: 12 real, 12 fake)"
    assert measured.plot().axes[0].get_title() == "mine\n12 real, 12 fake"
    files = measured.save(tmp_path / "out")
    assert [path.name for path in files] == ["profile.png", "dct.png", "fft_highpass.png", "density_error.png"]
    with pytest.raises(OptionError, match="unknown picture of spectra 'profil'. Did you mean 'profile'"):
        measured.plot("profil")


def test_a_picture_that_is_left_out_has_its_reason(picture_folder: Callable[..., Path]) -> None:
    root = picture_folder(n=6)
    (root / "real" / "torn.png").write_bytes(b"\x89PNG torn")
    measured = bb.spectra(data={"mine": root}, crop=64, jobs=1, progress=False)
    ((domain, item, status, detail),) = measured.problems
    assert (domain, item, status) == ("mine", "real/torn.png", "error")
    assert detail


def test_an_audit_is_a_verdict_with_its_numbers(picture_folder: Callable[..., Path]) -> None:
    audited = bb.audit(
        data={"mine": picture_folder(n=16)}, detector="spectral_logreg", crop=48, draws=1, jobs=1, progress=False
    )
    (experiment,) = audited
    table = audited.to_pandas()
    assert (table["domain"][0], table["detector"][0], table["verdict"][0]) == ("mine", "spectral_logreg", experiment.verdict)
    assert table["stored"][0] - table["alike"][0] == pytest.approx(table["lost"][0])
    assert repr(audited).startswith(f"mine: {experiment.verdict}. ")
    assert list(audited.facts()) == ["domain", "fact", "auc", "real", "fake"]
    assert len(audited.plot().axes) == 2
    with pytest.raises(OptionError, match="plot draws one of the domains mine, got 'other'"):
        audited.plot("other")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bb.spectra("procedural/blend", split="trian"), "unknown split 'trian'. Did you mean 'train'"),
        (lambda: bb.spectra("procedural/blend", limit=0), "limit is at least 1, got 0"),
        (lambda: bb.spectra("procedural/blnd", progress=False), "'blnd'. Did you mean 'blend'"),
        (lambda: bb.spectra(["procedural/blend", 4]), "domains takes a name or a list of names, got 4"),
        (lambda: bb.audit("procedural/blend", quality=101), "quality is a JPEG quality from 1 to 100, got 101"),
        (lambda: bb.audit("procedural/blend", crop=8), "crop is at least 16, got 8"),
    ],
)
def test_a_wrong_value_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(BenchError, match=message) as raised:
        call()
    assert isinstance(raised.value, ValueError)


def test_without_domains_there_is_nothing_to_do() -> None:
    with pytest.raises(DataError, match="no domain is named"):
        bb.spectra(progress=False)
    with pytest.raises(BenchError, match="no domain is named"):
        bb.audit(progress=False)
