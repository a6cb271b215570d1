"""Draw a computed portrait with peaks of period 8 and its spectrum after each attack, into docs/images/attacks.png."""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from bandbench.benchmark.contracts import REAL
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.pictures.crops import decode
from bandbench.benchmark.pictures.perturbations import RingSums, perturb

OUT = Path(__file__).parents[2] / "docs" / "images" / "attacks.png"
ATTACKS = (
    *("", "depeak:period=8", "match_spectrum", "phase_only", "amplitude_only"),
    *("resize:scale=0.5:kernel=bicubic", "webp:quality=50", "platform:preset=feed"),
)
PERIOD, HEIGHT = 8, 40
N_REALS = 40  # that the statistics are of
DPI, COLOURS = 72, 128


def portraits() -> list[NDArray[np.uint8]]:
    """Return computed portraits, of the training reals."""
    dataset = Catalogue(options={"procedural": {"n_train": N_REALS}}).domain("procedural/blend", 0).dataset
    assert dataset is not None
    reals = [item for item in dataset.items("blend") if (item.split, item.label) == ("train", REAL)]
    return [decode(dataset.read(item), colour=True) for item in reals]


def with_peaks(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Raise every eighth pixel of every eighth row, and the high frequencies by some noise."""
    made = picture + np.random.default_rng(0).normal(0, 4, picture.shape)
    made[::PERIOD, ::PERIOD] += HEIGHT
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def log_spectrum(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return log10 of the power of the grey levels, grey levels squared, zero frequency in the middle."""
    grey = picture.mean(axis=-1)
    window = np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))  # else the borders draw a cross
    power = np.abs(np.fft.fftshift(np.fft.fft2((grey - grey.mean()) * window))) ** 2
    return np.log10(power / (window**2).sum() + 1e-3)


def draw(path: Path) -> None:
    """Draw the sheet."""
    reals = portraits()
    statistics = RingSums.joined([RingSums.of(picture) for picture in reals]).statistics("")
    picture = with_peaks(reals[0])
    figure = Figure(figsize=(2 * len(ATTACKS), 4.3), dpi=DPI, layout="constrained")
    axes = figure.subplots(2, len(ATTACKS))
    for column, chain in enumerate(ATTACKS):
        shown = perturb(picture, chain, "sheet", statistics) if chain else picture
        axes[0, column].imshow(shown)
        axes[0, column].set_title(chain.replace(":", "\n", 1) or "as it is", fontsize=9)
        image = axes[1, column].imshow(log_spectrum(shown), cmap="magma", vmin=-1, vmax=5, extent=(-0.5, 0.5, 0.5, -0.5))
        axes[1, column].set_xticks([-0.25, 0, 0.25], ["-1/4", "0", "1/4"], fontsize=7)
        axes[1, column].set_yticks([-0.25, 0, 0.25], ["-1/4", "0", "1/4"] if not column else ["", "", ""], fontsize=7)
        axes[0, column].set_axis_off()
    axes[1, 0].set_ylabel("cycles/pixel", fontsize=8)
    bar = figure.colorbar(image, ax=axes[1, :], shrink=0.8, pad=0.01)
    bar.set_label("log10 power", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    file = io.BytesIO()
    figure.savefig(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(file).convert("RGB").quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    draw(OUT)
