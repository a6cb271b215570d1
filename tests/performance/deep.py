"""
``make perf-deep``: what the way from a picture file to an embedding costs beyond the encoder itself.

Every line is a ratio of rates that were measured side by side, several times in turn, on the device that there is. The encoder
has random weights, which compute as long as trained ones.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "explanation" / "performance.md"
SIDE = 224


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
    from dataclasses import asdict

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


def device_name(device: str) -> str:
    """The card, or what kind of processor and how many cores of it."""
    import os

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
            found["workers"] = worker_rates(spec, device, folder, n, (1, 4, 8), given.rounds)
        if cuda or given.compiled:
            found["compiled"] = compiled_rates(spec, device, batch, given.rounds)
    print(json.dumps(found, indent=1))
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
