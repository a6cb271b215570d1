"""Li and Lyu, "Exposing DeepFake Videos By Detecting Face Warping Artifacts", arXiv 1811.00656."""

from ...benchmark.contracts import HowKnown, Reported

PAPER = "Li and Lyu, arXiv 1811.00656, table of AUCs"
TRAINED = "trained on 24,442 faces and warped copies of them"
FRAMES, CLIPS = "frames", "clips, mean of the top third of the frames"
# AUC by backbone: UADFV, its clips, DeepfakeTIMIT of low quality, of high quality.
OTHER_BACKBONES = {
    "VGG16": (0.833, 0.845, 0.846, 0.574),
    "ResNet101": (0.954, 0.991, 0.976, 0.869),
    "ResNet152": (0.938, 0.978, 0.994, 0.912),
}
SETS = (("UADFV", FRAMES), ("UADFV", CLIPS), ("DeepfakeTIMIT, low quality", FRAMES), ("DeepfakeTIMIT, high quality", FRAMES))


def _read(value: float, metric: str, data: str, setting: str, preset: str = "") -> Reported:
    return Reported(value, metric, data, PAPER, HowKnown.READ, f"{setting}; {TRAINED}", preset)


WARPING_CNN = (
    _read(0.974, "auc", "uadfv", "ResNet50, frames of all 98 clips", "faithful"),
    _read(0.987, "clip_auc:top_third", "uadfv", f"ResNet50, all 98 {CLIPS}", "faithful"),
    _read(0.999, "auc", "timit/lower_quality", "ResNet50, 34,023 fake frames of each quality", "faithful"),
    _read(0.932, "auc", "timit/higher_quality", "ResNet50, 34,023 fake frames of each quality", "faithful"),
    *(
        _read(value, "auc", f"{data}, {unit}", backbone)
        for backbone, values in OTHER_BACKBONES.items()
        for value, (data, unit) in zip(values, SETS, strict=True)
    ),
)
