"""
Verdicts of `bench scan` on pictures like the training pictures and on others, without and with the out-of-domain check.

Prints the tables of docs/reference/models.md: ``python tests/performance/scanning.py [DETECTOR ...]``. Each folder of
``--also`` is one more set of pictures.
"""

import argparse
import io
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich.console import Console

from bandbench.api.progress import ScreenReporter
from bandbench.benchmark.contracts import FAKE, LABEL_NAMES, REAL
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models.domain_check import Doubt
from bandbench.benchmark.models.recipe import DETECTION, Recipe
from bandbench.benchmark.models.scanning import ScanResult, scan_files
from bandbench.benchmark.models.trained_model import UNSURE, TrainedModel
from bandbench.benchmark.models.training import train_model
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.pictures.perturbations import perturb
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.workers import running_workers
from bandbench.datasets.copies.listing import find_files
from bandbench.datasets.faces.windows import ScanRegion
from bandbench.datasets.procedural import Procedural

DETECTORS = ("dct_ridge", "spectral_svm", "spectral_logreg")
DOMAINS = ("zeroinsert", "planted")
N = 100  # pictures of a class
SIDE = 128
REASONS = (Doubt.BETWEEN_CLASSES, Doubt.UNLIKE_TRAINING, Doubt.UNSTABLE)

Picture = NDArray[np.uint8]


def decoded(variant: str, label: int, side: int = SIDE) -> list[Picture]:
    """Return test pictures of a class of `procedural`."""
    dataset = Procedural(side=side)
    items = [item for item in dataset.items(variant) if item.split == "test" and item.label == label][:N]
    return [np.asarray(Image.open(io.BytesIO(dataset.read(item)))) for item in items]


def round_trip(picture: Picture, share: float, quality: int | None = None) -> Picture:
    """Shrink a picture to a share of its side and enlarge it again (bicubic), and write it as JPEG if there is a quality."""
    rows, cols = picture.shape[:2]
    small = Image.fromarray(picture).resize((round(cols * share), round(rows * share)), Image.Resampling.BICUBIC)
    again = np.asarray(small.resize((cols, rows), Image.Resampling.BICUBIC))
    return again if quality is None else perturb(again, f"jpeg:quality={quality}", "")


def drawing(seed: int) -> Picture:
    """Draw what a screenshot shows: flat boxes with borders, and lines of text."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (SIDE, SIDE), tuple(rng.integers(200, 256, 3).tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(6):
        left, top, width, height = rng.integers((0, 0, 10, 10), (SIDE - 20, SIDE - 20, 60, 60)).tolist()
        pen.rectangle([left, top, left + width, top + height], fill=tuple(rng.integers(0, 256, 3).tolist()), outline=0)
    for top in rng.integers(0, SIDE - 10, 8).tolist():
        pen.text((5, top), f"File  Edit  View  {rng.integers(10**6)}", fill=0)
    return np.asarray(picture)


def picture_sets(domain: str) -> dict[str, list[Picture]]:
    """Return the sets of pictures that a model of `procedural/DOMAIN` is asked about."""
    home = {label: decoded(domain, label) for label in (REAL, FAKE)}
    both, rng = home[REAL][: N // 2] + home[FAKE][: N // 2], np.random.default_rng(0)
    others = [variant for variant in Procedural().variants() if variant != domain]
    large = [picture for label in (REAL, FAKE) for picture in decoded(domain, label, 2 * SIDE)[: N // 2]]
    return {
        **{f"held-out {LABEL_NAMES[label]} pictures": pictures for label, pictures in home.items()},
        "fakes, 128-96-128": [round_trip(picture, 0.75) for picture in home[FAKE]],
        "reals, 128-96-128": [round_trip(picture, 0.75) for picture in home[REAL]],
        "both, 128-96-128, JPEG 95": [round_trip(picture, 0.75, 95) for picture in both],
        "both, 256-192-256": [round_trip(picture, 0.75) for picture in large],
        "both, 128-112-128": [round_trip(picture, 0.875) for picture in both],
        **{f"both, {chain}": [perturb(picture, chain, str(i)) for i, picture in enumerate(both)] for chain in CHAINS},
        **{f"fakes of {variant}": decoded(variant, FAKE) for variant in others},
        "black": [np.zeros((SIDE, SIDE, 3), np.uint8)],
        "white noise": [np.clip(rng.normal(128, 40, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8) for _ in range(N)],
        "drawings": [drawing(seed) for seed in range(N)],
    }


CHAINS = ("jpeg:quality=75", "jpeg:quality=50", "blur:sigma=1", "noise:sd=5")


def trained(detector: str, domain: str) -> TrainedModel:
    name = f"procedural/{domain}"
    recipe = Recipe(DetectorSpec.parse(detector), DETECTION, LABEL_NAMES, Band(), CropSpec(SIDE), (name,), 0)
    with ScreenReporter(Console(stderr=True)) as reporter, running_workers(2) as workers:
        return train_model(recipe, Catalogue({}, {}), workers, reporter)[0]


def scanned(model: TrainedModel, files: Sequence[Path]) -> list[ScanResult]:
    region = ScanRegion.of(model.framing)
    return [result for of_file in scan_files(model, files, region) for result in of_file]


def shares(results: Sequence[ScanResult]) -> str:
    """Cells of a table: share of each verdict, in percent."""
    verdicts = Counter(result.verdict for result in results)
    return " | ".join(f"{100 * verdicts[verdict] / len(results):.0f}" for verdict in (*LABEL_NAMES, UNSURE))


def reasons(results: Sequence[ScanResult]) -> str:
    counts = Counter(result.doubt for result in results)
    return " | ".join(f"{100 * counts[doubt] / len(results):.0f}" for doubt in REASONS)


def print_verdicts(model: TrainedModel, folders: dict[str, Path]) -> None:
    """Print the table of one model; the first verdicts are those without the check."""
    of_detector = f"{model.recipe.label} of {model.recipe.train[0]}"
    chains = ", ".join(model.check.reencodings) if model.check else "no check"
    print(f"\n{of_detector}; {100 * model.validation['unsure']:.1f} % of validation unsure; {chains}\n")
    print("| pictures | real | fake | unsure | real | fake | unsure | between classes | unlike training | unstable |")
    print(f"|---|{'---:|' * 9}")
    for name, folder in folders.items():
        files = find_files([folder]).paths
        before, after = scanned(replace(model, check=None), files), scanned(model, files)
        print(f"| {name} | {shares(before)} | {shares(after)} | {reasons(after)} |", flush=True)


def print_cost(model: TrainedModel, files: Sequence[Path], rounds: int = 5) -> None:
    """Print the seconds per picture without and with the check, measured in turn."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for checks in (False, True):
            start = time.perf_counter()
            scanned(model if checks else replace(model, check=None), files)
            seconds[checks].append((time.perf_counter() - start) / len(files))
    without, with_check = (1000 * float(np.median(seconds[checks])) for checks in (False, True))
    print(
        f"\n{model.recipe.label}: {without:.2f} ms per picture without, {with_check:.2f} ms with ({with_check / without:.2f}x)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detectors", nargs="*", default=DETECTORS)
    parser.add_argument("--also", action="append", default=[], metavar="DIR", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for domain in DOMAINS:
            folders = {}
            for number, (name, pictures) in enumerate(picture_sets(domain).items()):
                folders[name] = Path(place, domain, str(number))
                folders[name].mkdir(parents=True)
                for i, picture in enumerate(pictures):
                    Image.fromarray(picture).save(folders[name] / f"{i:04d}.png", compress_level=1)
            for detector in arguments.detectors:
                model = trained(detector, domain)
                print_verdicts(model, folders | {folder.name: folder for folder in arguments.also})
                print_cost(model, find_files([next(iter(folders.values()))]).paths)


if __name__ == "__main__":
    main()
