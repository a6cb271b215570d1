"""The warping network: warped is fake, fakes of the training data are not looked at, a kill costs one epoch."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.forensics.warping import Warping
from bandbench.detectors.learning.checkpoints import Checkpoint
from trees.faces import scene

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]


@cache
def reals(n: int = 60, side: int = 72) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 14, size=(n, side, side, 3))
    return np.clip(np.stack([scene(i, 0, (side, side), side - 8) for i in range(n)]) + noise, 0, 255).astype(np.uint8)


def build(**params: Any) -> Any:
    return DetectorSpec.parse("warping_cnn/tiny", params).build(0)


def fit(crops: np.ndarray, n_fakes: int = 2, **params: Any) -> Any:
    values = np.concatenate([crops, np.zeros((n_fakes, *crops.shape[1:]), np.uint8)])
    return build(**params).fit(Features(values), np.r_[np.zeros(len(crops)), np.ones(n_fakes)].astype(np.int64))


@pytest.mark.parametrize("device", DEVICES)
def test_it_learns_that_warped_is_fake(device: str) -> None:
    detector = fit(reals()[:40], epochs=10, patience=10, windows=4, scales=[0.25, 0.4], device=device)
    held_out = reals()[40:]
    warped = np.stack([Warping((0.3, 0.3)).fake(crop, np.random.default_rng(i)) for i, crop in enumerate(held_out)])
    scores = detector.score(Features(np.concatenate([held_out, warped])))
    assert roc_auc(np.repeat([0, 1], 20), scores) > 0.9
    assert detector.history_[-1]["val_loss"] < detector.history_[0]["val_loss"]
    assert [entry["epoch"] for entry in detector.history_] == list(range(1, 11))


def test_fakes_of_the_training_data_are_not_looked_at() -> None:
    few, many = (fit(reals()[:12], n_fakes=n, epochs=1) for n in (2, 20))
    assert all((few.weights_[name] == many.weights_[name]).all() for name in few.weights_)


def test_hard_mining_follows_at_a_tenth_of_the_rate() -> None:
    detector = fit(reals()[:12], epochs=1, mining_epochs=1, optimiser="sgd")
    rates = [entry["learning_rate"] for entry in detector.history_]
    assert rates == [0.003, pytest.approx(0.0003)]


def test_masked_frequencies_change_the_training_and_no_score_of_a_fitted_network() -> None:
    plain, masked, again = (fit(reals()[:12], epochs=1, masked_band=band) for band in ("none", "high", "high"))
    assert any((plain.weights_[name] != masked.weights_[name]).any() for name in plain.weights_)
    assert all((masked.weights_[name] == again.weights_[name]).all() for name in masked.weights_)
    masked.masked_band = "none"
    np.testing.assert_array_equal(masked.score(Features(reals()[:3])), again.score(Features(reals()[:3])))


class Killed(BaseException):
    """What nobody catches."""


def killed_after(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    """End a training after so many epochs, as a signal would; `tests/test_deep.py` sends a real one."""
    save = Checkpoint.save

    def last(self: Checkpoint, arrays: Any, values: dict[str, Any]) -> None:
        save(self, arrays, values)
        if values["epoch"] == epochs:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "save", last)
        with pytest.raises(Killed):
            fit(reals()[:12], epochs=4, patience=4)


def test_a_killed_training_goes_on_says_so_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BANDBENCH_CACHE", str(tmp_path / "killed"))
    killed_after(monkeypatch, 2)
    assert list((tmp_path / "killed" / "training").iterdir()) and not caplog.messages
    resumed = fit(reals()[:12], epochs=4, patience=4)
    (told,) = caplog.messages
    assert told.startswith("warping_cnn (seed 0) goes on after epoch 2 of at most 4: ") and "resume=false" in told
    assert not list((tmp_path / "killed" / "training").iterdir())
    monkeypatch.setenv("BANDBENCH_CACHE", str(tmp_path / "other"))
    whole = fit(reals()[:12], epochs=4, patience=4)
    assert len(caplog.messages) == 1
    assert resumed.history_ == whole.history_
    assert all((resumed.weights_[name] == whole.weights_[name]).all() for name in whole.weights_)


def test_another_training_does_not_go_on_there(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    killed_after(monkeypatch, 1)
    for changes in ({"learning_rate": 0.001}, {"resume": False}):
        assert [entry["epoch"] for entry in fit(reals()[:12], epochs=1, **changes).history_] == [1]
    fit(reals()[12:24], epochs=1)
    assert not caplog.messages


def test_turned_crops_are_others_and_can_be_learned_from() -> None:
    plain, moved = (fit(reals()[:8], epochs=1, turn=turn, masks=["cheeks"]) for turn in (False, True))
    assert any((plain.weights_[name] != moved.weights_[name]).any() for name in plain.weights_)
    assert np.isfinite(moved.score(Features(reals()[:2]))).all()


def test_a_path_of_weights_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import timm
    from safetensors.torch import save_file

    monkeypatch.setenv("HOME", str(tmp_path))
    other = timm.create_model("test_resnet", pretrained=False, num_classes=1)
    save_file(other.state_dict(), tmp_path / "weights.safetensors")
    network = build(weights="~/weights.safetensors").network(pretrained=True)
    assert torch.equal(network.state_dict()["conv1.0.weight"], other.state_dict()["conv1.0.weight"])
    with pytest.raises(PluginError, match=rf"there is no weights file {tmp_path}/absent\.pth"):
        build(weights="~/absent.pth").view  # noqa: B018 (it is asked for before pictures are prepared)
    detector = build(weights="~/absent.pth")
    detector.weights_ = {}
    assert detector.view.name == "pixels"  # what has learned needs the file no more


def test_a_lack_of_memory_halves_the_batch_of_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    build_network = type(build()).network

    def greedy(layer: Any, inputs: Any) -> None:
        if len(inputs[0]) > 4:
            torch.empty(2**58)  # more than any machine has

    def network(self: Any, pretrained: bool) -> Any:
        found = build_network(self, pretrained)
        found.register_forward_pre_hook(greedy)
        return found

    monkeypatch.setattr(type(build()), "network", network)
    with pytest.warns(UserWarning, match="warping_cnn ran out of memory and goes on with 4 crops at a time"):
        detector = fit(reals()[:12], epochs=1)
    assert len(detector.history_) == 1 and np.isfinite(detector.history_[0]["val_loss"])


def test_weights_come_from_a_file_of_the_same_backbone(tmp_path: Path) -> None:
    import timm
    from safetensors.torch import save_file

    other = timm.create_model("test_resnet", pretrained=False, num_classes=7)
    save_file(other.state_dict(), tmp_path / "weights.safetensors")
    network = build(weights=str(tmp_path / "weights.safetensors")).network(pretrained=True)
    assert torch.equal(network.state_dict()["conv1.0.weight"], other.state_dict()["conv1.0.weight"])
    with pytest.raises(PluginError, match=r"only \d+ of \d+ weights"):
        build(backbone="test_vit", weights=str(tmp_path / "weights.safetensors")).network(pretrained=True)
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "weights.safetensors").read_bytes()[:1000])
    with pytest.raises(PluginError, match="cannot use the backbone 'test_resnet' with weights"):
        build(weights=str(tmp_path / "cut.safetensors")).network(pretrained=True)
    with pytest.raises(PluginError, match=r"warping_cnn: there is no weights file .*absent\.safetensors; check the path"):
        build(weights=str(tmp_path / "absent.safetensors")).network(pretrained=True)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"backbone": "resnet999"}, "cannot use the backbone 'resnet999'"),
        ({"optimiser": "lbfgs"}, "optimiser of detector warping_cnn should be 'sgd' or 'adam'"),
        ({"scales": [0.9, 0.2]}, "scales"),
        ({"masks": ["circle"]}, "masks square, ellipse, hull, cheeks, got"),
        ({"epochs": 0}, "epochs of detector warping_cnn should be a number of 1 or more"),
        ({"validation": 1.0}, "validation of detector warping_cnn should be a number below 1"),
        ({"device": "tpu"}, "device of detector warping_cnn should be 'auto', 'cpu' or 'cuda'"),
        ({"backbone": "test_vit", "side": 8}, "the backbone test_vit takes no windows of 8x8 pixels"),
    ],
)
def test_impossible_parameters_are_named(params: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        fit(reals()[:8], **params)


def test_too_few_reals_and_an_absent_device() -> None:
    with pytest.raises(PluginError, match="needs four of them, got 3"):
        fit(reals()[:3])
    if not torch.cuda.is_available():
        with pytest.raises(PluginError, match="finds no such device"):
            fit(reals()[:8], device="cuda")
