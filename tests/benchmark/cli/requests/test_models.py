"""Defaults of the commands about one detector, which the documents state."""

from pathlib import Path

from bandbench.benchmark.cli.requests.models import EvaluateRequest, ScanRequest, TrainRequest


def test_defaults_of_a_training() -> None:
    request = TrainRequest("spectral_svm", ["mine"])
    assert (request.task, request.band, request.mode, request.order) == ("detection", "all", "keep", 1)
    assert (request.crop, request.tiles, request.seed) == (128, 1, 0)


def test_defaults_of_an_evaluation_and_a_scan() -> None:
    assert EvaluateRequest(Path("model"), ["mine"]).clips == "mean"
    request = ScanRequest([Path("model"), Path("holiday")])
    assert (request.frames, request.pool, request.faces) == (32, "mean", "auto")
    assert (request.min_size, request.margin) == (None, None)  # as in training
