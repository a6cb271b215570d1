"""Audits as tables and figures."""

from collections.abc import Callable
from pathlib import Path

import pytest

import bandbench as bb
from bandbench.api.options import OptionError


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
