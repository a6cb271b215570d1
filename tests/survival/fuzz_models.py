"""
Damage model folders and the text of trees in many ways, and count how they end.

``python tests/survival/fuzz_models.py [N]`` makes N mutations of trees, and N of folders (2,000 each without N). A mutation may
load or be refused as damaged; it may not raise anything else, end the process, take longer than `SECONDS` or more than
`MEMORY`. Each batch runs in a process of its own, so that one that ends is known.
"""

import atexit
import contextlib
import copy
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.domains.seen import Learned, content_name
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.fitted import fit_detector
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.models.attribution import Classifier
from bandbench.benchmark.models.domain_check import DomainCheck
from bandbench.benchmark.models.recipe import DETECTION, Recipe
from bandbench.benchmark.models.spectrum_reference import Profiles, SpectrumReference, crop_profiles
from bandbench.benchmark.models.trained_model import TrainedModel, score_pictures_of
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.detectors.learning.tree_text import tree_scores
from bandbench.detectors.learning.trees import fit_trees

BATCH = 50
SECONDS = 60  # of one mutation, on a machine that may be busy
MEMORY = 2**32  # bytes of address space of a batch, above what it has at the start
SIDE = 32
DETECTORS = ("spectral_svm", "spectral_lgbm", "file_facts", "dct_ridge", "knn", "spectral_kmeans", "dct_mlp")
HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**63, 10**400, -0.0, 1e308, 1e-320, 0.5),
    *("", "x", "nan", "\x1b[31m", "[bold]", "[/x]", "../../etc/passwd", "\ud800", "=1+1", "a" * 100_000),
    *([], [[]], {}, {"x": {}}, [0] * 10_000, ["nan"], [None], {"a" * 10_000: 1}),
)
Outcome = tuple[str, str]
PLACE = Path(tempfile.gettempdir(), f"fuzz-models-{os.getpid()}")  # of what is damaged


def main(n: int = 2000) -> int:
    """Run both fuzzers, and return the number of mutations that ended badly."""
    bad = 0
    PLACE.mkdir(exist_ok=True)
    atexit.register(shutil.rmtree, PLACE, ignore_errors=True)
    for prepare in (_prepare_texts, _prepare_folders):
        _in_child(prepare)
    for name, one in (("trees", one_tree), ("folders", one_folder)):
        outcomes = run(one, n)
        print(
            f"{name}: {len(outcomes)} mutations: "
            + ", ".join(f"{k} {v}" for k, v in sorted(Counter(o for o, _ in outcomes).items()))
        )
        for kind, detail in outcomes:
            if kind not in ("loaded", "refused"):
                bad += 1
                print(f"  {kind}: {detail}")
    return bad


def _in_child(prepare: Callable[[], None]) -> None:
    """Run a preparation in another process: what was fitted here would leave threads that a fork does not copy."""
    process = multiprocessing.get_context("fork").Process(target=prepare)
    process.start()
    process.join()
    assert process.exitcode == 0


def run(one: Callable[[int], Outcome], n: int) -> list[Outcome]:
    """Return the outcomes of the mutations 0 to n - 1."""
    outcomes: list[Outcome] = []
    context = multiprocessing.get_context("fork")
    while len(outcomes) < n:
        first = len(outcomes)
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_batch, args=(one, range(first, min(first + BATCH, n)), sending))
        process.start()
        sending.close()
        with contextlib.suppress(EOFError):
            while True:
                outcomes.append(receiving.recv())
        process.join()
        if process.exitcode:
            reason = signal.Signals(-process.exitcode).name if process.exitcode < 0 else f"exit code {process.exitcode}"
            outcomes.append(("ended", f"mutation {len(outcomes)}: {reason}"))
    return outcomes


def _batch(one: Callable[[int], Outcome], numbers: range, sending: Any) -> None:
    present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (present + MEMORY, present + MEMORY))
    for number in numbers:
        signal.alarm(SECONDS)  # ends the process, which `run` notes
        try:
            sending.send(one(number))
        except Exception as error:
            sending.send(("raised", f"mutation {number}: {type(error).__name__}: {str(error)[:300]}"))
    signal.alarm(0)


# --- trees ---------------------------------------------------------------------------------------------------------------


def _prepare_texts() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 6))
    labels = (values[:, 0] + values[:, 1] ** 2 > 0.7).astype(np.int64)
    plain = fit_trees(values, labels, 6, 0.1, 6, 5, 0)
    categories = rng.integers(0, 70, (400, 3)).astype(np.float64)
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_per_group": 1, "cat_smooth": 1.0}
    data = lightgbm.Dataset(categories, (categories[:, 0] % 5 < 2).astype(int), categorical_feature=[0, 1])
    for name, text, features in (
        ("plain", plain, values),
        ("categories", lightgbm.train(options, data, 6).model_to_string(), categories),
    ):
        (PLACE / f"{name}.txt").write_text(text)
        np.save(PLACE / f"{name}.npy", features)


def one_tree(number: int) -> Outcome:
    """Score with trees whose text was damaged."""
    rng = random.Random(number)
    name = ("plain", "categories")[number % 2]
    text, values = (PLACE / f"{name}.txt").read_text(), np.load(PLACE / f"{name}.npy")
    mutated = damaged_text(text, rng)
    try:
        scores = tree_scores(mutated, values)
    except ValueError as error:
        return "refused", str(error)
    return "loaded", f"{scores.sum()}"


def damaged_text(text: str, rng: random.Random) -> str:
    """Change a text of trees in one to three places."""
    for _ in range(rng.randint(1, 3)):
        text = rng.choice((_bytes_changed, _number_changed, _line_changed, _field_changed, _cut))(text, rng)
    return text


def _bytes_changed(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + chr(rng.choice((0, 10, 32, 45, 46, 48, 57, 61, 101, rng.randrange(128), 233))) + text[at + 1 :]


def _number_changed(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    rows = [i for i, line in enumerate(lines) if "=" in line and line[-1:].isdigit()]
    if not rows:
        return text
    i = rng.choice(rows)
    name, _, value = lines[i].partition("=")
    words = value.split(" ")
    k = rng.randrange(len(words))
    words[k] = rng.choice(
        ("-1", "0", "1", "5", "-2", "-7", "99", "2147483647", "-2147483648", "4294967295", "1e999", "nan", "inf", "", "3", "11")
    )
    lines[i] = f"{name}={' '.join(words)}"
    return "\n".join(lines)


def _line_changed(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    i, k = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        del lines[i]
    elif kind == 1:
        lines.insert(i, lines[k])
    else:
        lines[i], lines[k] = lines[k], lines[i]
    return "\n".join(lines)


def _field_changed(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    rows = [i for i, line in enumerate(lines) if "=" in line]
    if not rows:
        return text
    i = rng.choice(rows)
    name, _, value = lines[i].partition("=")
    words = value.split(" ")
    values = ("", value + " " + words[0], " ".join(words[:-1]), " ".join(reversed(words)), "0" * 5000, "9" * 300)
    lines[i] = f"{name}={rng.choice(values)}"
    return "\n".join(lines)


def _cut(text: str, rng: random.Random) -> str:
    start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return rng.choice((text[:start], text[start:end], text[:start] + text[end:]))


# --- folders -------------------------------------------------------------------------------------------------------------


def _prepare_folders() -> None:
    for name in DETECTORS:
        make_model(name).save(PLACE / name, describe=False)
        # Without digests, which would show every damage, and which somebody who does harm would write anew.
        path = PLACE / name / "model.json"
        document = json.loads(path.read_text())
        path.write_text(json.dumps({key: value for key, value in document.items() if key not in ("files", "digest")}))


def make_model(name: str) -> TrainedModel:
    """Train a small model on noise of two colours, with a check."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    crops = rng.integers(0, 256, (60, SIDE, SIDE)).astype(np.float64)
    crops[labels == 1] = (crops[labels == 1] + np.roll(crops[labels == 1], 1, axis=1)) / 2
    pictures = crops.astype(np.uint8)
    spec = DetectorSpec(name, "", {"epochs": 1} if name == "dct_mlp" else {})
    classifier = Classifier([spec.build(0)], 2)
    kernel = view_kernel(classifier.members[0].view)
    shown = np.repeat(pictures[..., None], 3, axis=3) if kernel.colour else pictures
    view: Features = features_from_crops(kernel, shown, Band("all"))
    fit_detector(classifier.members[0], view, labels)
    rows = np.arange(60)
    scored = Scored(labels, score_pictures_of(classifier, view, rows)[:, 0], rows.astype(str))
    recipe = Recipe(spec, DETECTION, ("real", "fake"), Band("all"), CropSpec(SIDE), ("mine",), 0)
    learned = Learned(frozenset(map(content_name, "abc")), frozenset(map(content_name, "de")), frozenset({1, 2}))
    model = TrainedModel.calibrated(recipe, classifier, scored, 60, learned, {})
    profiles = Profiles(crop_profiles(pictures), labels, np.zeros(60, np.intp))
    reference = SpectrumReference.learn(SIDE, profiles, profiles)
    assert reference is not None
    return replace(model, check=DomainCheck(reference, ("jpeg:quality=90",)), validation=model.validation | {"unsure": 0.1})


def one_folder(number: int) -> Outcome:
    """Load a model folder in which one file was damaged."""
    rng = random.Random(number)
    with tempfile.TemporaryDirectory(prefix="fuzz-model-") as place:
        folder = Path(place, "model")
        shutil.copytree(PLACE / DETECTORS[number % len(DETECTORS)], folder)
        what = damage_folder(folder, rng)
        try:
            model = TrainedModel.load(folder)
            shape = (SIDE, SIDE, 3) if model.colour else (SIDE, SIDE)
            verdicts = model.examine_pictures([np.random.default_rng(number).integers(0, 256, shape, np.uint8)])
        except BenchError as error:
            if "damaged" in str(error) or "is no model" in str(error) or "the model in" in str(error):
                return "refused", str(error)
            return "unclear", f"mutation {number} ({what}): {error}"
        if not np.isfinite(verdicts.probabilities).all():
            return "no number", f"mutation {number} ({what})"
    return "loaded", what


def damage_folder(folder: Path, rng: random.Random) -> str:
    """Damage one file of a folder, and return what was done."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = rng.choice(files)
    place = str(path.relative_to(folder))
    kinds: list[Callable[[Path, random.Random], str]] = [_flipped, _truncated, _replaced]
    if path.suffix == ".json":
        kinds = [_entry_changed] * 8 + kinds
    if path.suffix == ".safetensors":
        kinds = [_array_changed] * 4 + kinds
    return f"{place}: {rng.choice(kinds)(path, rng)}"


def _flipped(path: Path, rng: random.Random) -> str:
    data = bytearray(path.read_bytes() or b"x")
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(data)
    return "bytes changed"


def _truncated(path: Path, rng: random.Random) -> str:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data) + 1)])
    return "cut off"


def _replaced(path: Path, rng: random.Random) -> str:
    path.unlink()
    kind = rng.choice(("fifo", "zero", "sparse", "folder", "gone", "loop", "outside", "deep", "text"))
    if kind == "fifo":
        os.mkfifo(path)
    elif kind in ("zero", "loop", "outside"):
        path.symlink_to({"zero": "/dev/zero", "loop": path.name, "outside": "/etc/hostname"}[kind])
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(2**40)
    elif kind == "folder":
        path.mkdir()
    elif kind == "deep":
        path.write_text("[" * 100_000 + "]" * 100_000)
    elif kind == "text":
        path.write_bytes(rng.randbytes(rng.randrange(500)))
    return kind


def _entry_changed(path: Path, rng: random.Random) -> str:
    """Put a hostile value in the place of some entry of a JSON file."""
    document = json.loads(path.read_text())
    places = [place for place in _places(document) if place]
    place = rng.choice(places)
    owner = document
    for key in place[:-1]:
        owner = owner[key]
    if rng.random() < 0.1:
        del owner[place[-1]]
        value: Any = "(deleted)"
    else:
        value = copy.deepcopy(rng.choice(HOSTILE))
        owner[place[-1]] = value
    path.write_text(json.dumps(document))
    return f"{'.'.join(map(str, place))} = {str(value)[:40]!r}"


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    return [place] + [below for key, part in inner for below in _places(part, (*place, key))]


def _array_changed(path: Path, rng: random.Random) -> str:
    """Give one array another shape, type or value."""
    from safetensors.numpy import load, save_file

    arrays = dict(load(path.read_bytes()))
    if not arrays:
        save_file({"strange_": np.zeros(3)}, path)
        return "a strange array"
    name = rng.choice(sorted(arrays))
    value = np.array(arrays[name])
    kind = rng.choice(
        ("nan", "inf", "huge", "shape", "shorter", "empty", "integers", "bytes", "renamed", "gone", "zero", "scalar")
    )
    if kind in ("nan", "inf", "huge", "zero") and value.size:
        value = value.astype(np.float64)
        value.reshape(-1)[rng.randrange(value.size)] = {"nan": np.nan, "inf": np.inf, "huge": 1e308, "zero": 0}[kind]
    elif kind == "shape":
        value = value.reshape(-1, 1)
    elif kind == "shorter":
        value = value[:-1] if value.ndim and len(value) else value
    elif kind == "empty":
        value = value.reshape(-1)[:0]
    elif kind in ("integers", "bytes"):
        value = np.nan_to_num(value).astype(np.int64 if kind == "integers" else np.uint8)
    elif kind == "scalar":
        value = np.array(value.reshape(-1)[0] if value.size else 0)
    arrays.pop(name)
    if kind != "gone":
        arrays["renamed" if kind == "renamed" else name] = np.ascontiguousarray(value)
    save_file(arrays, path)
    return f"{name}: {kind}"


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000) else 0)
