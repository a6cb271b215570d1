"""The contracts: what needs no plugin to be tried."""

import pytest

from bandbench.benchmark.contracts import matching_variants

KNOWN = ("Deepfakes@raw", "Deepfakes@c23", "Face2Face@c23", "plain")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Deepfakes@c23", ("Deepfakes@c23",)),
        ("Deepfakes", ("Deepfakes@raw", "Deepfakes@c23")),
        ("@c23", ("Deepfakes@c23", "Face2Face@c23")),
        ("plain", ("plain",)),
        ("plain@c23", ()),
        ("Deep", ()),
    ],
)
def test_variants_by_name_and_compression(text: str, found: tuple[str, ...]) -> None:
    assert matching_variants(text, KNOWN) == found


def test_a_variant_that_is_named_whole_is_no_other() -> None:
    assert matching_variants("gan", ("gan", "gan@c23")) == ("gan",)
