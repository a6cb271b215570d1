"""Networks: standardised planes, early stopping, determinism, little memory, and detectors that learn."""

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.devices import MicroBatches, reproducible
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.fitted import fit_detector, load_detector, save_detector, score_classes, score_detector
from bandbench.benchmark.frequency import dct
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec, detectors
from bandbench.benchmark.views import view_kernel
from bandbench.detectors.learning.networks import (
    NetworkDetector,
    Planes,
    Trainer,
    held_out,
    initialise,
    plane_moments,
    plane_values,
)
from conftest import noise_picture

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "dct.npz")
# Smaller than usual where a network is slow.
QUICK: dict[str, dict[str, Any]] = {"dct_cnn": {}, "dct_mlp": {"epochs": 10}, "dct_resnet": {"blocks": 1, "width": 16}}
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]


class Linear(NetworkDetector):
    """One dense layer, which trains in no time."""

    name = "linear"

    def network(self, shape: tuple[int, int, int], n_classes: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), n_classes))


def noise_task(n: int = 60, n_classes: int = 2, shift: float = 0.0, seed: int = 0) -> tuple[Features, np.ndarray]:
    """Planes of noise; class k is brighter by `shift` in coefficient k."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(n) % n_classes).astype(np.int64)
    values = rng.standard_normal((n, 4, 5, 3)).astype(np.float32)
    values[np.arange(n), 0, labels, 0] += np.float32(shift)
    values.setflags(write=False)
    labels.setflags(write=False)
    return Features(values), labels


def picture_task(detector: NetworkDetector, n: int, first_seed: int) -> tuple[Features, np.ndarray]:
    """Features of 32x32 noise; fakes have three times the amplitude between 0.2 and 0.3 cycles/pixel."""
    labels = np.arange(n) % 2
    grey = np.stack([noise_picture(first_seed + i, 32, 1.0 + 2.0 * (i % 2)) for i in range(n)])
    kernel = view_kernel(detector.view)
    return kernel.features(kernel.base(np.repeat(grey[..., None], 3, axis=-1)), (32, 32), Band()), labels


def test_moments_of_published_stack() -> None:
    logs = dct.log_magnitude(dct.dct2(GOLDEN["stack"]))
    mean, scale = plane_moments(logs, np.arange(len(logs)))
    np.testing.assert_allclose(mean, GOLDEN["stack_log_mean"], rtol=1e-9)
    np.testing.assert_allclose(scale**2, GOLDEN["stack_log_var"], rtol=1e-8)
    batch = Planes(logs, mean, scale).batch(np.arange(3), np.float64)
    wanted = GOLDEN["stack_log_normalised"].transpose(0, 3, 1, 2)
    np.testing.assert_allclose(batch.numpy(), wanted, rtol=1e-8, atol=1e-9)


def test_moments_in_several_blocks() -> None:
    rng = np.random.default_rng(0)
    values = (1e4 + rng.standard_normal((200, 3, 4, 2))).astype(np.float32)
    values[:, 0, 0, 0] = -27.6  # what a band has taken away
    rows = rng.permutation(200)[:150]
    mean, scale = plane_moments(values, rows)
    chosen = values[rows].astype(np.float64)
    np.testing.assert_allclose(mean, chosen.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale.ravel()[1:], chosen.std(axis=0).ravel()[1:], rtol=1e-9)
    assert scale[0, 0, 0] == 1


@pytest.mark.parametrize("colour", [True, False])
def test_pixels_from_minus_one_to_one(colour: bool) -> None:
    crops = np.zeros((4, 6, 6, 3) if colour else (4, 6, 6), dtype=np.uint8)
    crops[2:] = 255
    detector = Linear("pixels", colour=colour, epochs=1).fit(Features(crops), np.array([0, 0, 1, 1]))
    batch = Planes(plane_values(Features(crops)), detector.mean_, detector.scale_).batch(np.array([0, 3]), np.float32)
    assert batch.shape == (2, 3 if colour else 1, 6, 6)
    np.testing.assert_array_equal(batch[:, 0, 0, 0].numpy(), [-1, 1])


def test_held_out_share() -> None:
    labels = np.repeat([0, 1, 2], [50, 100, 10])
    train, validation = held_out(labels, 0.2, seed=3)
    assert sorted([*train, *validation]) == list(range(160))
    np.testing.assert_array_equal(np.bincount(labels[validation]), [10, 20, 2])
    assert all(np.array_equal(a, b) for a, b in zip(held_out(labels, 0.2, 3), (train, validation), strict=True))
    assert set(held_out(labels, 0.2, 4)[1]) != set(validation)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_held_out_leaves_every_class_on_both_sides(share: float) -> None:
    labels = np.array([0, 0, 1, 1])
    for rows in held_out(labels, share, seed=0):
        assert set(labels[rows]) == {0, 1}


def test_initial_weights() -> None:
    """Glorot: uniform within sqrt(6 / (inputs + outputs)), a 3x3 filter counting nine times on both sides."""
    network = nn.Sequential(nn.Conv2d(20, 30, 3), nn.Flatten(), nn.Linear(400, 200))
    initialise(network)
    for layer, fans in ((network[0], 9 * (20 + 30)), (network[2], 400 + 200)):
        limit, weights = np.sqrt(6 / fans), layer.weight.detach().numpy()
        assert 0.99 * limit < np.abs(weights).max() <= limit
        assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
        assert not layer.bias.detach().numpy().any()


def test_early_stopping_keeps_the_best_epoch() -> None:
    """Labels are random, so that the validation loss soon rises; the kept weights are those from before."""
    view, labels = noise_task()
    detector = Linear(learning_rate=0.02, patience=4).fit(view, labels)
    losses = [epoch["val_loss"] for epoch in detector.history_]
    best = int(np.argmin(losses))
    assert 0 < len(losses) == best + 1 + 4 < detector.epochs
    assert losses[-1] > losses[best] + 0.01
    _, validation = held_out(labels, detector.validation, detector.seed)
    scores = detector.class_scores(view[validation])
    assert -scores[np.arange(len(validation)), labels[validation]].mean() == pytest.approx(losses[best], abs=1e-6)
    assert [epoch["epoch"] for epoch in detector.history_] == list(range(1, len(losses) + 1))


def test_no_more_epochs_than_asked_for() -> None:
    assert len(Linear(epochs=3).fit(*noise_task(shift=3.0)).history_) == 3


@pytest.mark.parametrize("reshuffle", [True, False])
def test_order_of_the_crops(reshuffle: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []
    step = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, rows, optimiser: seen.append(list(rows)) or step(self, rows, optimiser))
    Linear(epochs=3, batch_size=20, reshuffle=reshuffle).fit(*noise_task(shift=3.0))
    assert [len(rows) for rows in seen] == [20, 20, 8] * 3
    epochs = [np.concatenate(seen[i : i + 3]).tolist() for i in (0, 3, 6)]
    assert sorted(epochs[0]) == sorted(epochs[1])
    assert (epochs[0] == epochs[1] == epochs[2]) is not reshuffle


def test_what_a_seed_settles() -> None:
    view, labels = noise_task(shift=1.0)
    first, again, other = (Linear(seed=seed, epochs=3).fit(view, labels) for seed in (5, 5, 6))
    for name, values in first.weights_.items():
        np.testing.assert_array_equal(values, again.weights_[name])
    assert first.history_ == again.history_
    assert not np.array_equal(first.score(view), other.score(view))


def test_the_state_of_pytorch_is_left_as_it_was() -> None:
    torch.manual_seed(11)
    wanted = torch.rand(3)
    torch.manual_seed(11)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        detector = Linear(epochs=1)
        detector.fit(*noise_task()).score(noise_task()[0])
        with pytest.raises(ZeroDivisionError), reproducible(0, "cpu"):
            assert torch.get_num_threads() == 1 and torch.are_deterministic_algorithms_enabled()
            torch.rand(5)
            _ = 1 / 0
        assert torch.get_num_threads() == 2
        assert not torch.are_deterministic_algorithms_enabled()
        assert torch.utils.deterministic.fill_uninitialized_memory
        assert torch.equal(torch.rand(3), wanted)
    finally:
        torch.set_num_threads(threads)


def test_several_classes(tmp_path: Path) -> None:
    view, labels = noise_task(150, n_classes=3, shift=4.0)
    detector = Linear(learning_rate=0.02)
    fit_detector(detector, view, labels, n_classes=3)
    scores = score_classes(detector, view, 3)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1)
    assert (scores.argmax(axis=1) == labels).mean() > 0.9
    real = np.exp(scores[:, 0])
    np.testing.assert_allclose(score_detector(detector, view), np.log(1 - real) - scores[:, 0], atol=1e-6)


def test_score_of_two_classes_is_a_difference_of_logits() -> None:
    view, labels = noise_task(shift=2.0)
    detector = Linear(epochs=5).fit(view, labels)
    z = ((view.values - detector.mean_) / detector.scale_).transpose(0, 3, 1, 2).reshape(len(view), -1)
    logits = z @ detector.weights_["1.weight"].T.astype(np.float64) + detector.weights_["1.bias"]
    np.testing.assert_allclose(detector.score(view), logits[:, 1] - logits[:, 0], rtol=1e-9, atol=1e-12)
    assert detector.score(view[:0]).shape == (0,)


class Cramped(Linear):
    """Runs out of memory when a batch has more than five crops."""

    limit = 5

    def network(self, shape: tuple[int, int, int], n_classes: int) -> nn.Module:
        limit = self.limit

        class Gate(nn.Module):
            def forward(self, batch: torch.Tensor) -> torch.Tensor:
                if len(batch) > limit:
                    raise torch.OutOfMemoryError("CUDA out of memory.")
                return batch

        return nn.Sequential(Gate(), *super().network(shape, n_classes))


@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_lack_of_memory_halves_the_batch() -> None:
    view, labels = noise_task(shift=1.0)
    with pytest.warns(UserWarning, match="cramped ran out of memory and goes on with 4 crops at a time"):
        cramped = type("Cramped", (Cramped,), {"name": "cramped"})(epochs=4).fit(view, labels)
    plain = Linear(epochs=4).fit(view, labels)
    np.testing.assert_allclose(cramped.weights_["2.weight"], plain.weights_["1.weight"], atol=1e-6)
    with pytest.warns(UserWarning, match="4 crops at a time"):
        np.testing.assert_allclose(cramped.score(view), plain.score(view), atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_no_memory_for_one_crop() -> None:
    with pytest.raises(PluginError, match="linear has not enough memory for one crop: CUDA out of memory"):
        type("Nothing", (Cramped,), {"limit": 0})().fit(*noise_task())


def test_a_mapped_view_is_never_copied_as_a_whole(tmp_path: Path) -> None:
    values = np.lib.format.open_memmap(tmp_path / "view.npy", mode="w+", dtype=np.float32, shape=(3000, 16, 16, 3))
    values[:] = np.random.default_rng(0).standard_normal(values.shape)
    labels = np.arange(len(values)) % 2
    detector = Linear(epochs=1)
    tracemalloc.start()
    try:
        detector.fit(Features(values), labels).score(Features(values))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < values.nbytes / 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"device": "tpu"}, "linear runs on the devices auto, cpu, cuda, got 'tpu'"),
        ({"epochs": 0}, "needs epochs of at least 1, got 0"),
        ({"batch_size": 0}, "needs batch_size of at least 1, got 0"),
        ({"validation": 1.0}, "needs a validation share between 0 and 1, got 1.0"),
        ({"learning_rate": 3e37}, "has a validation loss of (nan|inf) after epoch 1; try a learning_rate below 3e[+]37"),
    ],
)
def test_refused_parameters(params: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        Linear(**params).fit(*noise_task())


def test_unknown_transform() -> None:
    with pytest.raises(PluginError, match="unknown transform 'log_dtc'. Did you mean 'log_dct'"):
        _ = Linear("log_dtc").view


def test_absent_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    view, labels = noise_task()
    with pytest.raises(PluginError, match="linear was told device='cuda', but PyTorch .* use device='auto' or 'cpu'"):
        Linear(device="cuda").fit(view, labels)
    assert len(Linear(device="auto", epochs=1).fit(view, labels).score(view)) == len(view)


def test_too_few_crops() -> None:
    view, _ = noise_task(5)
    with pytest.raises(PluginError, match=r"two crops of each class, .* got 1 fake"):
        Linear().fit(view, np.array([0, 0, 0, 0, 1]))
    with pytest.raises(PluginError, match="got 0 of class 1"):
        Linear().fit(view, np.array([0, 0, 0, 2, 2]))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", QUICK)
def test_learns_and_is_kept(name: str, device: str, tmp_path: Path) -> None:
    plugin = detectors.get(name)
    detector = plugin(**QUICK[name], device=device)
    assert isinstance(detector, NetworkDetector)
    fit_detector(detector, *picture_task(detector, 80, first_seed=0))
    view, labels = picture_task(detector, 60, first_seed=500)
    scores = score_detector(detector, view)
    assert roc_auc(labels, scores) > 0.9
    save_detector(detector, tmp_path)
    loaded = load_detector(plugin, tmp_path)
    np.testing.assert_array_equal(score_detector(loaded, view), scores)
    assert loaded.learned()["history_"] == detector.history_


@pytest.mark.parametrize("device", DEVICES)
def test_a_seed_settles_the_weights_on_every_device(device: str) -> None:
    detector = detectors.get("dct_cnn")
    fits = [detector(device=device, epochs=3) for _ in range(2)]
    for one in fits:
        fit_detector(one, *picture_task(one, 40, first_seed=0))
    first, second = (one.weights_ for one in fits)
    assert all((first[name] == second[name]).all() for name in first)


@pytest.mark.parametrize("device", DEVICES)
def test_a_model_scores_alike_on_every_device(device: str, tmp_path: Path) -> None:
    plugin = detectors.get("dct_cnn")
    detector = plugin(epochs=3, device="cpu")
    fit_detector(detector, *picture_task(detector, 40, first_seed=0))
    save_detector(detector, tmp_path)
    view, _ = picture_task(detector, 30, first_seed=500)
    wanted = score_detector(detector, view)
    loaded = load_detector(plugin, tmp_path)
    loaded.device = device
    np.testing.assert_allclose(score_detector(loaded, view), wanted, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("params", [{"transform": "pixels"}, {"transform": "pixels", "colour": False}, {"colour": False}])
def test_every_view(name: str, params: dict[str, Any]) -> None:
    detector = detectors.get(name)(epochs=1, **params)
    assert isinstance(detector, NetworkDetector)
    shape = (12, 16, 16) if params.get("transform") == "pixels" else (12, 16, 16, 1)
    values = np.random.default_rng(0).integers(0, 256, (*shape[:3], 3) if params.get("colour", True) else shape)
    view = Features(values.astype(np.uint8 if detector.transform == "pixels" else np.float32))
    fit_detector(detector, view, np.arange(12) % 2)
    assert np.isfinite(score_detector(detector, view)).all()


def test_files_of_networks_do_not_load_pytorch(tmp_path: Path) -> None:
    modules = ", ".join(f"bandbench.detectors.{name}" for name in QUICK)
    code = f"import sys, bandbench.detectors.learning.networks, {modules}; print('torch' in sys.modules)"
    environment = {**os.environ, "BANDBENCH_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


# --- training crops that are changed at random ------------------------------------------------------------------------


def seen_in_training(monkeypatch: pytest.MonkeyPatch, detector: NetworkDetector, view: Features, labels: np.ndarray) -> list:
    """Batches that the network is trained on, in order, one tensor per step."""
    batches: list[np.ndarray] = []
    network = detector.network

    def spied(shape: tuple[int, int, int], n_classes: int) -> nn.Module:
        built = network(shape, n_classes)
        built.register_forward_pre_hook(
            lambda module, inputs: batches.append(inputs[0].detach().numpy().copy()) if module.training else None
        )
        return built

    monkeypatch.setattr(detector, "network", spied)
    detector.fit(view, labels)
    return batches


def test_masked_frequencies_are_gone_while_training_and_differ_between_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    view, labels = noise_task(20)
    detector = Linear("log_dct", epochs=2, reshuffle=False, masked_band="all", masked_share=0.3)
    first, second = seen_in_training(monkeypatch, detector, view, labels)
    plain = seen_in_training(monkeypatch, Linear("log_dct", epochs=1, reshuffle=False), view, labels)[0]
    for masked in (first, second):
        gone = masked == 0
        assert (gone == gone[:, :1]).all()
        np.testing.assert_array_equal(gone[:, 0].sum(axis=(1, 2)), round(0.3 * 19))  # 4x5 coefficients, the mean is kept
        np.testing.assert_array_equal(masked[~gone], plain[~gone])
    assert ((first == 0) != (second == 0)).any()


@pytest.mark.parametrize("transform", ["pixels", "log_dct", "log_fft"])
def test_masking_depends_on_seed_epoch_and_row_and_not_on_the_part_of_a_batch(
    transform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, labels = noise_task(20)
    whole = seen_in_training(monkeypatch, Linear(transform, epochs=1, masked_band="random"), view, labels)
    detector = Linear(transform, epochs=1, masked_band="random")
    monkeypatch.setattr("bandbench.detectors.learning.networks.MicroBatches", lambda size, who: MicroBatches(3, who))
    parts = seen_in_training(monkeypatch, detector, view, labels)
    assert len(parts) > len(whole)
    np.testing.assert_array_equal(np.concatenate(parts), np.concatenate(whole))


def test_scores_and_validation_are_not_masked() -> None:
    view, labels = noise_task(20)
    detector = Linear(epochs=1, masked_band="all").fit(view, labels)
    _, validation = held_out(labels, detector.validation, detector.seed)
    scores = detector.class_scores(view[validation])
    loss = -scores[np.arange(len(validation)), labels[validation]].mean()
    assert loss == pytest.approx(detector.history_[0]["val_loss"], abs=1e-6)


@pytest.mark.parametrize("name", ["dct_cnn", "dct_mlp", "dct_resnet", "warping_cnn", "wavelet_highband"])
def test_every_network_has_the_preset(name: str) -> None:
    parameters = DetectorSpec.parse(f"{name}/band_masked").build().parameters()
    assert (parameters["masked_band"], parameters["masked_share"]) == ("all", 0.15)
    plain = DetectorSpec.parse(name).build().parameters()
    assert {key for key in plain if plain[key] != parameters[key]} == {"masked_band"}
