"""Accuracies of "The Role of Middle Frequencies in General Deepfake Detection" (2024), from the heat maps of its repository."""

from ...benchmark.contracts import HowKnown, Reported

SOURCE = "The Role of Middle Frequencies in General Deepfake Detection, README"
SETTINGS = (
    "mean over all shown training and test sets",
    "trained on one GAN, tested on five diffusion sets, mean of 25 printed cells",
    "trained on one diffusion set, tested on five GANs, mean of 25 printed cells",
    "trained on all sets, mean over the test sets",
)


def _read(values: tuple[float, ...]) -> tuple[Reported, ...]:
    return tuple(
        Reported(value, "accuracy", "14 training and 11 test sets of GANs and diffusion models", SOURCE, HowKnown.READ, setting)
        for value, setting in zip(values, SETTINGS, strict=True)
    )


CLIP = _read((0.834, 0.692, 0.975, 0.970))
DINO = _read((0.865, 0.741, 0.973, 0.970))
