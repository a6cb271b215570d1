"""Defaults of the exports of spectra and embeddings."""

from pathlib import Path

from bandbench.benchmark.cli.options import SplitChoice
from bandbench.benchmark.cli.requests.pictures import EmbeddingsRequest, SpectraRequest


def test_both_take_all_pictures_of_all_splits() -> None:
    for request in (SpectraRequest(), EmbeddingsRequest()):
        assert (request.split, request.limit, request.crop, request.seed) == (SplitChoice.all, None, 128, 0)


def test_where_the_results_go() -> None:
    assert SpectraRequest().out == Path("spectra")
    assert EmbeddingsRequest().out == Path("embeddings.parquet")
