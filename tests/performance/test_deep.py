"""How networks on a card are compared with the CPU, here with the CPU in the card's place."""

import pytest

from performance.deep import NETWORKS, Agreement, agreement_table, network_agreement, resized_fakes

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


def test_a_device_agrees_with_itself() -> None:
    agreement = network_agreement("dct_mlp", NETWORKS["dct_mlp"], "cpu")
    assert agreement.scores == 0
    assert agreement.repeats
    assert agreement.aucs[0] == agreement.aucs[1]
    assert 0.9 < agreement.aucs[0] < 1  # a task that is perfectly solved would hide a difference


def test_fakes_are_every_second_crop() -> None:
    crops, labels = resized_fakes(4, 0)
    assert crops.shape == (4, 64, 64, 3)
    assert labels.tolist() == [0, 1, 0, 1]


def test_a_difference_is_in_the_table() -> None:
    networks = {"dct_cnn": Agreement(2e-7, (0.91, 0.905), True), "npr_resnet": Agreement(0.3, (0.9, 0.6), False)}
    lines = agreement_table({"embeddings": 3e-6, "networks": networks}).splitlines()
    assert "at most 3e-06 of the largest value" in lines[1]
    assert lines[-2:] == [
        "| `dct_cnn` | 2e-07 | 0.9100 | 0.9050 | yes |",
        "| `npr_resnet` | 3e-01 | 0.9000 | 0.6000 | no |",
    ]


def test_a_cpu_is_compared_with_nothing() -> None:
    assert agreement_table({"encoder": {}}) == ""
