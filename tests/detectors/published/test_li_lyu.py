"""Published AUCs of the warping CNN: those of its backbone can be compared, those of others are in words."""

from bandbench.benchmark.results.reported_tests import measured_metric
from bandbench.datasets.timit import QUALITIES
from bandbench.detectors.published.li_lyu import OTHER_BACKBONES, WARPING_CNN
from bandbench.detectors.warping_cnn import WarpingCNN


def test_numbers_of_the_preset_name_domains_and_metrics_of_ours() -> None:
    numbers = [number for number in WARPING_CNN if number.preset]
    assert {number.preset for number in numbers} == {"faithful"} & set(WarpingCNN.presets)
    assert {number.data for number in numbers} == {"uadfv", *(f"timit/{quality}" for quality in QUALITIES)}
    assert all(measured_metric(number.metric.partition(":")[0]) for number in numbers)


def test_other_backbones_name_no_domain() -> None:
    others = [number for number in WARPING_CNN if not number.preset]
    assert len(others) == 4 * len(OTHER_BACKBONES)
    assert all(" " in number.data for number in others)
