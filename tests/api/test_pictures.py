"""Spectra and audits from Python: the numbers of the commands, as tables and figures."""

from collections.abc import Callable

import pytest

import bandbench as bb
from bandbench.benchmark.errors import BenchError, DataError


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
