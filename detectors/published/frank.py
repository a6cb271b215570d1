"""Frank et al., "Leveraging Frequency Analysis for Deep Fake Image Recognition", arXiv 2003.08685."""

from ...benchmark.contracts import HowKnown, Reported

PAPER = "Frank et al., arXiv 2003.08685"
FIVE = "accuracy of five classes"
LSUN, CELEBA = "LSUN bedrooms and four GANs", "CelebA and four GANs"


def _recalled(value: float, data: str, setting: str = "", metric: str = FIVE) -> Reported:
    return Reported(value, metric, data, PAPER, HowKnown.MEMORY, setting)


KNN = (
    _recalled(0.3996, LSUN, "pixels"),
    _recalled(0.8156, LSUN, "DCT"),
    _recalled(0.2922, CELEBA, "pixels"),
    _recalled(0.7158, CELEBA, "DCT"),
)
EIGENFACES = (
    _recalled(0.4707, LSUN, "pixels"),
    _recalled(0.9431, LSUN, "DCT"),
    _recalled(0.5758, CELEBA, "pixels"),
    _recalled(0.8839, CELEBA, "DCT"),
)
PRNU = (_recalled(0.6428, LSUN), _recalled(0.8009, CELEBA))
CNN = (
    _recalled(0.9895, LSUN, "pixels"),
    _recalled(0.9964, LSUN, "DCT"),
    _recalled(0.9780, CELEBA, "pixels"),
    _recalled(0.9907, CELEBA, "DCT"),
    Reported(
        0.9991, "accuracy", "CelebA", PAPER, HowKnown.SECOND_HAND, "by a public survey list, without the setting"
    ),
)  # fmt: skip
RIDGE = (
    _recalled(0.7578, "FFHQ against StyleGAN", "pixels", "accuracy"),
    _recalled(1.0, "FFHQ against StyleGAN", "DCT", "accuracy"),
    *(
        _recalled(value, "LSUN, StyleGAN with another up-sampling", f"{up_sampling} up-sampling, {features}", "accuracy")
        for features, values in (("pixels", (0.7477, 0.6213, 0.6405)), ("DCT", (0.9824, 0.8596, 0.8420)))
        for up_sampling, value in zip(("nearest", "bilinear", "binomial"), values, strict=True)
    ),
)
