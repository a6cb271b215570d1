"""
``make perf-deep``: what the way from a picture file to an embedding costs beyond the encoder itself.

Every line is a ratio of rates that were measured side by side, several times in turn, on the device that there is. The encoder
has random weights, which compute as long as trained ones. On a CUDA card encoders and networks are compared with the CPU first.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "explanation" / "performance.md"
SIDE = 224
YES_OR_NO = {True: "yes", False: "no"}
# Every detector that trains a network, smaller than usual where the comparison would take minutes on a CPU.
NETWORKS: dict[str, dict[str, Any]] = {
    "dct_cnn": {},
    "dct_mlp": {"epochs": 10},
    "dct_resnet": {"blocks": 1, "width": 16},
    "npr_resnet": {"epochs": 3},
    "wavelet_highband": {"epochs": 3},
    "warping_cnn/tiny": {"epochs": 10, "patience": 10, "windows": 4},
}


def rates(works: dict[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    """Median of things done per second, the works taking turns so that a slow minute hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            n = work()
            found[name].append(n / (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in found.items()}


def write_pictures(folder: Path, n: int) -> list[Path]:
    """JPEG files of 256x256, as a data set has them."""
    from PIL import Image

    rng = np.random.default_rng(0)
    base = rng.normal(128, 30, (8, 64, 64, 3)).repeat(4, axis=1).repeat(4, axis=2)
    paths = []
    for i in range(n):
        picture = np.clip(base[i % 8] + rng.normal(0, 8, (256, 256, 3)), 0, 255).astype(np.uint8)
        paths.append(folder / f"{i:05d}.jpg")
        Image.fromarray(picture).save(paths[-1], quality=90)
    return paths


def encoder_rates(spec: Any, device: str, paths: Sequence[Path], batch: int, rounds: int) -> dict[str, float]:
    """
    Pictures per second: the bare encoder on tensors that lie on the device, and what one worker of a study does with a picture
    that it sees for the first time.
    """
    import torch

    from bandbench.benchmark.features.chunks import CHUNK_SIZE, prepare_chunk
    from bandbench.benchmark.views.encoders.loading import load_encoder

    encoder = load_encoder(spec, device)
    resident = encoder.normalised(torch.zeros((batch, SIDE, SIDE, 3), dtype=torch.uint8, device=encoder.device))
    n_batches = len(paths) // batch

    def bare() -> int:
        with torch.inference_mode():
            for _ in range(n_batches):
                encoder.network(resident)
        if encoder.device == "cuda":
            torch.cuda.synchronize()
        return n_batches * batch

    def prepared(n: int = len(paths)) -> int:
        with tempfile.TemporaryDirectory() as away:
            for start in range(0, n, CHUNK_SIZE):
                prepare_chunk(_task(spec, device, paths[0].parents[1], range(start, min(start + CHUNK_SIZE, n)), away))
        return n

    bare()  # the first call chooses kernels
    prepared(2)
    return rates({"bare": bare, "prepared": prepared}, rounds)


def _task(spec: Any, device: str, folder: Path, numbers: Sequence[int], away: str) -> Any:
    """Preparation of some of the pictures, with its results in a folder of its own."""
    from bandbench.benchmark.contracts import Item, ViewSpec
    from bandbench.benchmark.domains.catalogue import DatasetSpec
    from bandbench.benchmark.features.chunks import ChunkTask, Places
    from bandbench.benchmark.pictures.crops import CropSpec

    places = Places(f"{away}/cache", f"{away}/scratch", "")
    items = tuple(Item(f"real/{i:05d}.jpg", 0, "train") for i in numbers)
    view = ViewSpec("embedding", {**asdict(spec), "device": device})
    return ChunkTask(DatasetSpec("folder", str(folder)), 0, 0, items, CropSpec(SIDE), (view,), places)


def worker_rates(spec: Any, device: str, folder: Path, n: int, counts: Sequence[int], rounds: int) -> dict[int, float]:
    """Pictures per second of several workers that prepare new pictures at once, by their number; their start is left out."""
    from bandbench.benchmark.features.chunks import CHUNK_SIZE, prepare_chunk
    from bandbench.benchmark.workers import running_workers

    chunks = [range(start, start + CHUNK_SIZE) for start in range(0, n - CHUNK_SIZE + 1, CHUNK_SIZE)]

    def prepare(workers: Any, numbers: Sequence[range]) -> int:
        with tempfile.TemporaryDirectory() as away:
            tasks = [_task(spec, device, folder, part, f"{away}/{i}") for i, part in enumerate(numbers)]
            for future in [workers.submit(prepare_chunk, task) for task in tasks]:
                future.result()
        return CHUNK_SIZE * len(numbers)

    found = {}
    for jobs in counts:
        with running_workers(jobs) as workers:
            prepare(workers, [chunks[0]] * 4 * jobs)  # every worker loads the encoder
            found[jobs] = rates({"prepared": partial(prepare, workers, chunks * 2)}, rounds)["prepared"]
    return found


def compiled_rates(spec: Any, device: str, batch: int, rounds: int) -> dict[str, float]:
    """Pictures per second of the encoder as it is and compiled, on resident tensors, and the seconds that compiling took."""
    from dataclasses import replace

    import torch

    from bandbench.benchmark.views.encoders.loading import load_encoder

    encoders = {name: load_encoder(replace(spec, compiled=name == "compiled"), device) for name in ("bare", "compiled")}
    resident = encoders["bare"].normalised(
        torch.zeros((batch, SIDE, SIDE, 3), dtype=torch.uint8, device=encoders["bare"].device)
    )

    def work(run: Callable[[Any], Any]) -> int:
        with torch.inference_mode():
            run(resident)
        if resident.is_cuda:
            torch.cuda.synchronize()
        return batch

    start = time.perf_counter()
    work(encoders["compiled"].run)
    seconds = time.perf_counter() - start
    work(encoders["bare"].run)
    found = rates({name: partial(work, encoder.run) for name, encoder in encoders.items()}, 3 * rounds)
    return found | {"seconds": seconds}


def cache_rates(spec: Any, device: str, folder: Path, n: int) -> dict[str, float]:
    """Pictures per second of preparing an embedding view, the first time and when it is on disk already."""
    from bandbench.benchmark.features.chunks import prepare_chunk

    with tempfile.TemporaryDirectory() as away:
        task = _task(spec, device, folder, range(n), away)

        def prepare() -> int:
            prepare_chunk(task)
            return n

        first = rates({"miss": prepare}, 1)
        return first | rates({"hit": prepare}, 5)


def precision_rows(spec: Any, device: str) -> list[tuple[str, float]]:
    """Change of a probe's AUC between float32 and half precision, on one task."""
    from dataclasses import replace

    from bandbench.benchmark.contracts import Features
    from bandbench.benchmark.metrics.roc import roc_auc
    from bandbench.benchmark.registry import DetectorSpec
    from bandbench.benchmark.views.encoders.loading import load_encoder

    rng = np.random.default_rng(1)
    labels = np.arange(128) % 2
    crops = rng.normal(128, 25, (128, SIDE, SIDE, 3))
    crops += 6 * labels[:, None, None, None] * rng.normal(size=(1, SIDE, SIDE, 1)).repeat(128, axis=0)
    crops = np.clip(crops, 0, 255).astype(np.uint8)
    aucs = {}
    for precision in ("float32", "bfloat16", *["float16"] * (device == "cuda")):  # a processor has no arithmetic for the last
        found = load_encoder(replace(spec, precision=precision), device).embed(crops)
        probe = DetectorSpec.parse("clip_probe/random").build().fit(Features(found[:64]), labels[:64])
        aucs[precision] = roc_auc(labels[64:], probe.score(Features(found[64:])))
    return [(name, auc - aucs["float32"]) for name, auc in aucs.items()]


@dataclass(frozen=True)
class Agreement:
    """
    How a network on the card agrees with the same network on the CPU.

    Attributes
    ----------
    scores : float
        Largest difference between the scores of one trained model on both, as a share of the largest score.
    aucs : tuple of 2 float
        AUC of a training on the CPU and of one on the card.
    repeats : bool
        Two trainings on the card learned the same bytes.
    """

    scores: float
    aucs: tuple[float, float]
    repeats: bool


def resized_fakes(n: int, first_seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Colour crops (n, 64, 64, 3) of noise; every second one is blended with itself made smaller and enlarged again."""
    from PIL import Image

    radius = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)[None, :])[..., None]
    crops = []
    for i in range(n):
        rng = np.random.default_rng(first_seed + i)
        field = np.fft.irfft2(
            np.fft.rfft2(rng.standard_normal((64, 64, 3)), axes=(0, 1)) / np.maximum(radius, 1 / 64), axes=(0, 1)
        )
        crop = Image.fromarray(np.clip(128 + 35 * field / field.std(), 0, 255).astype(np.uint8))
        if i % 2:
            smaller = crop.resize((48, 48), Image.Resampling.BICUBIC).resize((64, 64), Image.Resampling.BICUBIC)
            crop = Image.blend(crop, smaller, 0.3)
        crops.append(np.clip(np.rint(np.asarray(crop) + rng.normal(0, 12, (64, 64, 3))), 0, 255).astype(np.uint8))
    return np.stack(crops), np.arange(n) % 2


def network_agreement(name: str, params: dict[str, Any], device: str) -> Agreement:
    """Train a network on the CPU and twice on the card, and compare."""
    from bandbench.benchmark.fitted import fit_detector, load_detector, save_detector, score_detector
    from bandbench.benchmark.frequency.bands import Band
    from bandbench.benchmark.metrics.roc import roc_auc
    from bandbench.benchmark.registry import DetectorSpec
    from bandbench.benchmark.views import features_from_crops, view_kernel

    def trained(on: str) -> Any:
        detector = DetectorSpec.parse(name, params | {"device": on}).build(0)
        return fit_detector(detector, *seen(detector, 120, 0))

    def seen(detector: Any, n: int, first_seed: int) -> tuple[Any, NDArray[np.int64]]:
        crops, labels = resized_fakes(n, first_seed)
        kernel = view_kernel(detector.view)
        return features_from_crops(kernel, crops if kernel.colour else crops[..., 0].copy(), Band()), labels

    there = trained("cpu")
    here, again = trained(device), trained(device)
    view, labels = seen(there, 200, 10_000)
    wanted, found = (score_detector(detector, view) for detector in (there, here))
    aucs = roc_auc(labels, wanted), roc_auc(labels, found)
    with tempfile.TemporaryDirectory() as folder:
        save_detector(there, Path(folder))
        moved: Any = load_detector(type(there), Path(folder))
        moved.device = device
        difference = np.abs(score_detector(moved, view) - wanted).max() / np.abs(wanted).max()
    repeats = all(np.array_equal(here.weights_[key], again.weights_[key]) for key in here.weights_)
    return Agreement(float(difference), aucs, repeats)


def embedding_difference(spec: Any, device: str) -> float:
    """Largest difference between embeddings in float32 here and on the CPU, as a share of the largest value."""
    from dataclasses import replace

    from bandbench.benchmark.views.encoders.loading import load_encoder

    crops = np.random.default_rng(2).integers(0, 256, (32, SIDE, SIDE, 3), dtype=np.uint8)
    here, there = (load_encoder(replace(spec, precision="float32"), on).embed(crops) for on in (device, "cpu"))
    return float(np.abs(here - there).max() / np.abs(there).max())


def device_name(device: str) -> str:
    """The card, or what kind of processor and how many cores of it."""
    import torch

    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU ({platform.machine()}, {len(os.sched_getaffinity(0))} cores)"


def main() -> None:
    """Measure and write the section."""
    from bandbench.benchmark.devices import find_device
    from bandbench.benchmark.views.encoders.spec import EncoderSpec

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="architecture of open_clip (default: ViT-L-14 on CUDA, ViT-B-32 else)")
    parser.add_argument("--pictures", type=int, help="picture files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compiled", action="store_true", help="compile the encoder on a CPU too, which takes minutes")
    parser.add_argument("--no-report", action="store_true", help="print only")
    given = parser.parse_args()
    device = find_device("auto", "make perf-deep")
    cuda = device == "cuda"
    model = given.model or ("ViT-L-14" if cuda else "ViT-B-32")
    n, batch = given.pictures or (2048 if cuda else 256), 256 if cuda else 32
    spec = EncoderSpec("open_clip", model, "random", precision="bfloat16" if cuda else "float32")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "real").mkdir()
        paths = write_pictures(folder / "real", n)
        found = {
            "device": device_name(device),
            "model": model,
            "encoder": encoder_rates(spec, device, paths, batch, given.rounds),
            "cache": cache_rates(spec, device, folder, min(n, 128)),
            "precision": precision_rows(spec, device),
        }
        if cuda:
            counts = [jobs for jobs in (1, 4, 8, 16) if jobs <= len(os.sched_getaffinity(0))]
            found["embeddings"] = embedding_difference(spec, device)
            found["networks"] = {name: network_agreement(name, params, device) for name, params in NETWORKS.items()}
            found["workers"] = worker_rates(spec, device, folder, n, counts, given.rounds)
        if cuda or given.compiled:
            found["compiled"] = compiled_rates(spec, device, batch, given.rounds)
    print(json.dumps(found, indent=1, default=asdict))
    if not given.no_report:
        write_section(section(found), device)


def section(found: dict[str, Any]) -> str:
    """The table of this device in docs/explanation/performance.md."""
    encoder, cache = found["encoder"], found["cache"]
    rows = [
        (
            "rate of one worker of `bench run` on new pictures (read, hash, decode, crop, embed, store), "
            "as a share of the bare encoder on resident tensors",
            f"{encoder['prepared'] / encoder['bare']:.2f}",
        ),
        *(
            (f"{jobs} such workers on one device, as a share of the bare encoder", f"{rate / encoder['bare']:.2f}")
            for jobs, rate in found.get("workers", {}).items()
            if jobs > 1
        ),
        ("speed-up of reading embeddings from the cache over computing them", f"{cache['hit'] / cache['miss']:.0f}x"),
        *(
            (f"AUC of a probe on {name} embeddings minus that on float32", f"{change:+.4f}")
            for name, change in found["precision"]
            if name != "float32"
        ),
    ]
    if compiled := found.get("compiled"):
        gain = f"{compiled['compiled'] / compiled['bare']:.2f}x, after {compiled['seconds']:.0f} s of compiling"
        rows.append(("speed-up of the compiled encoder (`compiled=true`), on resident tensors", gain))
    table = "\n".join(f"| {measure} | {value} |" for measure, value in rows)
    return f"""### {found["device"]}

{found["model"]} of open_clip (random weights) at {SIDE}x{SIDE}.

| measure | value |
|---|---|
{table}
{agreement_table(found)}"""


def agreement_table(found: dict[str, Any]) -> str:
    """How encoders and networks agree with the CPU; empty where the device is one."""
    if "networks" not in found:
        return ""
    lines = "\n".join(
        f"| `{name}` | {network.scores:.0e} | {network.aucs[0]:.4f} | {network.aucs[1]:.4f} | {YES_OR_NO[network.repeats]} |"
        for name, network in found["networks"].items()
    )
    return f"""
Embeddings in float32 differ from those of the CPU by at most {found["embeddings"]:.0e} of the largest value. Networks were
trained for a few epochs on 120 crops and tested on 200. *Difference* is the largest one between the scores of one model on both
devices, as a share of the largest score; *repeats* says whether two trainings on the card learn the same bytes.

| network | difference | AUC, trained on the CPU | AUC, trained on the card | repeats |
|---|---|---|---|---|
{lines}
"""


def write_section(text: str, kind: str, report: Path = REPORT) -> None:
    """Put the table of a kind of device into the report, in the place of the one before."""
    begin, end = (f"<!-- deep {kind}: {which} -->" for which in ("begin", "end"))
    before = report.read_text(encoding="utf-8")
    head, mark, rest = before.partition(begin)
    if not mark:
        raise SystemExit(f"{report} has no line {begin}.")
    report.write_text(f"{head}{begin}\n{text}{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
