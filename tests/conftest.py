"""What all tests share: throwaway folders for results and cache, and small pictures made on the spot."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BANDBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def noise_picture(seed: int, side: int = 64, boost: float = 1.0) -> np.ndarray:
    """Grey uint8 (side, side) picture of 1/f noise; `boost` multiplies the amplitude between 0.2 and 0.3 cycles/pixel."""
    rng = np.random.default_rng(seed)
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    gain = 1 / np.maximum(radius, 1 / side)
    gain[(radius >= 0.2) & (radius <= 0.3)] *= boost
    field = np.fft.ifft2(np.fft.fft2(rng.standard_normal((side, side))) * gain).real
    return np.clip(np.rint(128 + 35 * field / field.std()), 0, 255).astype(np.uint8)


@pytest.fixture
def picture_folder(tmp_path: Path) -> Callable[..., Path]:
    """Maker of a folder with real/ and fake/: fakes have more power between 0.2 and 0.3 cycles/pixel."""

    def make(name: str = "pictures", n: int = 20, side: int = 64, suffix: str = ".png", first_seed: int = 0) -> Path:
        root = tmp_path / name
        for label, boost in (("real", 1.0), ("fake", 1.6)):
            (root / label).mkdir(parents=True)
            for i in range(n):
                picture = noise_picture(first_seed + i + (1000 if label == "fake" else 0), side, boost)
                Image.fromarray(picture).save(root / label / f"{label}{chr(97 + i % 26)}{i:03d}{suffix}")
        return root

    return make
