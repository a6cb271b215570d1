"""Mean spectra as a table, as figures and as files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bandbench as bb
from bandbench.api.options import OptionError


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
