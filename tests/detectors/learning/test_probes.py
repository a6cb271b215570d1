"""Linear heads on embeddings: the optimum, the published loop, and what it cannot do."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import BenchWarning, PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


def task(n: int = 400, seed: int = 0) -> tuple[Features, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    values = rng.normal(size=(n, 24)) * np.linspace(0.1, 5, 24) + 3
    values[:, :4] += labels[:, None] * np.linspace(0.1, 0.4, 4)
    return Features(values.astype(np.float32)), labels.astype(np.int64)


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_logistic_head_is_scikit_learns_on_standardised_embeddings(c: float) -> None:
    view, labels = task()
    probe = DetectorSpec.parse("dino_probe/random", {"C": c}).build().fit(view, labels)
    z = StandardScaler().fit_transform(view.values.astype(np.float64))
    reference = LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(z, labels).decision_function(z)
    np.testing.assert_allclose(probe.score(view), reference, atol=2e-3)


def test_published_head_learns_but_its_loss_stays_above_its_floor() -> None:
    labels = np.arange(3000) % 2
    values = np.random.default_rng(0).normal(size=(3000, 24)) + 0.5 * labels[:, None] * (np.arange(24) < 6)
    view = Features(values.astype(np.float32))
    probe = DetectorSpec.parse("clip_probe/random", {"head": "faithful"}).build().fit(view, labels)
    scores = probe.score(view)
    assert roc_auc(labels, scores) > 0.75
    once = 1 / (1 + np.exp(-scores))
    loss = np.mean(np.log1p(np.exp(once)) - labels * once)
    assert 0.503 < loss < np.log(2)
    again = DetectorSpec.parse("clip_probe/random", {"head": "faithful"}).build().fit(view, labels)
    np.testing.assert_array_equal(again.coef_, probe.coef_)


def test_parameters_of_the_shared_part_are_the_probes_own() -> None:
    spec = DetectorSpec.parse("clip_probe", {"architecture": "tiny", "weights": "random", "C": 3.0})
    assert {"architecture", "weights", "head", "C", "device", "seed"} <= set(spec.plugin.parameter_defaults())
    assert spec.build().parameters()["C"] == 3.0
    with pytest.raises(PluginError, match="clip_probe 'architectur'. Did you mean 'architecture'"):
        DetectorSpec.parse("clip_probe", {"architectur": "tiny"})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"head": "mlp"}, "head of detector dino_probe should be 'logistic' or 'faithful', got 'mlp'"),
        ({"C": 0.0}, "C of detector dino_probe should be a number above 0, got 0.0"),
    ],
)
def test_impossible_parameters_are_named(params: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        DetectorSpec.parse("dino_probe/random", params).build().fit(*task(40))


def test_the_activation_belongs_to_the_view_and_to_what_was_learned(tmp_path: Path) -> None:
    file = tmp_path / "ViT-B-32-openai.pt"
    file.write_bytes(b"weights")  # nothing is loaded here
    probe = DetectorSpec.parse("clip_probe", {"architecture": "ViT-B-32", "weights": str(file)}).build()
    with pytest.warns(BenchWarning, match="clip_probe: the activation of ViT-B-32 is QuickGELU, as the name of ViT"):
        assert probe.view.options["activation"] == "quickgelu"
    probe.fit(*task(60))
    assert probe.activation_ == "quickgelu"
    # The head keeps the activation that it was fitted with, whatever the file is called later.
    probe.weights = str(file.rename(tmp_path / "b32.pt"))
    assert probe.view.options["activation"] == "quickgelu"
    del probe.activation_  # as of a model that was kept before there was a choice
    assert probe.view.options["activation"] == "gelu"
    asked = DetectorSpec.parse(
        "clip_probe", {"architecture": "ViT-B-32", "weights": probe.weights, "activation": "gelu"}
    ).build()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asked.view.options["activation"] == "gelu"
    assert "activation" not in DetectorSpec.parse("dino_probe/random").build().view.options


def test_a_folder_that_leaves_mean_and_deviation_open_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "clip", "vision_config": {"hidden_act": "quick_gelu"}}')
    clip = DetectorSpec.parse("clip_probe", {"weights": str(tmp_path), "activation": "quickgelu"}).build()
    dino = DetectorSpec.parse("dino_probe", {"model": str(tmp_path)}).build()
    for probe, whose in ((clip, "OpenAI"), (dino, "ImageNet")):
        with pytest.warns(BenchWarning, match=f"{probe.name}: .* has no preprocessor_config.json; .* of {whose} are taken"):
            _ = probe.view
    (tmp_path / "preprocessor_config.json").write_text("{}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert clip.view.options["activation"] == "quickgelu"
        _ = dino.view
