"""
``make perf``: what the fast path gains, as ratios of times that were taken in one run on the same pictures.

Every measurement runs in a process of its own with one numeric thread; nothing else should run on the machine. The naive
program is timed on a few of the pictures and bands and multiplied, since its cost is the same for each; everything else is
run whole.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import auditing  # noqa: E402 (after the number of threads is set)
import preparing  # noqa: E402
from report import LIMITS, REPORT, with_head, with_section  # noqa: E402
from settings import MANY_BANDS, N_BANDS, settings  # noqa: E402

# --- one measurement each, in a process of its own; what they return is printed as JSON ------------------------------


def paths_and_labels(folder: str) -> tuple[list[Path], Any]:
    """Files of a folder, reals first, and their labels."""
    import numpy as np

    paths = [path for name in ("real", "fake") for path in sorted(Path(folder, name).iterdir())]
    return paths, np.array([int(path.parent.name == "fake") for path in paths])


def cropper(crop: int) -> Callable[[Any], Any]:
    """The centre square of a side."""

    def cut(grey: Any) -> Any:
        start = (grey.shape[0] - crop) // 2
        return grey[start : start + crop, start : start + crop]

    return cut


def naive(folder: str, crop: int, n_pictures: int = 40, n_bands: int = 2) -> dict[str, float]:
    """Seconds of the published loop before the first band and per band, from a few of both; the fits from one band."""
    from published_loop import naive_features, published_fits, read_grey, vectorised_features

    begun = since_start()
    paths, labels = paths_and_labels(folder)
    chosen = settings()[1 :: len(settings()) // n_bands][:n_bands]
    some = paths[:: max(1, len(paths) // n_pictures)][:n_pictures]
    start = time.perf_counter()
    for setting in chosen:
        for path in some:
            naive_features(path, setting, cropper(crop))
    features = (time.perf_counter() - start) / (len(some) * len(chosen))
    values = vectorised_features([cropper(crop)(read_grey(path)) for path in paths], chosen[0])
    start = time.perf_counter()
    published_fits(values, labels)
    fits = time.perf_counter() - start
    return {"begun": begun, "per_band": len(paths) * features + fits, "fits_per_band": fits}


def vectorised(folder: str, crop: int) -> dict[str, float]:
    """Seconds of the vectorised program before the first band and per band, from all pictures and 48 bands."""
    from published_loop import published_fits, read_grey, vectorised_features

    paths, labels = paths_and_labels(folder)
    crops = [cropper(crop)(read_grey(path)) for path in paths]
    begun, start = since_start(), time.perf_counter()
    for setting in settings():
        published_fits(vectorised_features(crops, setting), labels)
    return {"begun": begun, "per_band": (time.perf_counter() - start) / N_BANDS}


def of_bands(program: dict[str, float], n_bands: int) -> float:
    """Seconds of a program that does the same for every band."""
    return program["begun"] + n_bands * program["per_band"]


def since_start() -> float:
    """Seconds since this process was started: the time that a user waits, imports included."""
    # psutil counts from the second in which the machine was started, and may be wrong by almost one.
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


class Silent:
    """A reporter that says nothing and notes when each stage began."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float]] = []

    def stage(self, text: str, total: int | None) -> None:
        """Note the time."""
        self.stages.append((text, time.perf_counter()))

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def cells(self, done: int, total: int) -> None:
        """Nothing."""

    def best(self, label: str, band: object, auc: float) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


def study(folder: str, jobs: int, tracking: bool = True, **keys: Any) -> dict[str, float]:
    """Seconds of a study of ours, whole: files, features, fits, records, tracking, pictures, rows."""
    from bandbench.benchmark.cli.garbage import search_seldom
    from bandbench.benchmark.workers import steady_memory, warm_up

    search_seldom()  # as `bench run` does
    warm_up()
    steady_memory()
    from bandbench.benchmark.domains.catalogue import Catalogue
    from bandbench.benchmark.search import run as engine
    from bandbench.benchmark.search.plan import make_plan
    from bandbench.benchmark.study.study_file import Study
    from bandbench.benchmark.tracking.store import default_tracking_uri

    if not tracking:
        engine.Exporter = NoExporter  # type: ignore[misc,assignment]
    model = Study.model_validate({"name": "perf", "train": ["mine"], "test": ["mine"], **keys})
    reporter = Silent()
    plan = make_plan(model, Catalogue({"mine": folder}))
    outcome = engine.run_study(
        plan, jobs=jobs, tracking_uri=default_tracking_uri(), storage=None, fresh=False, reporter=reporter
    )
    end = time.perf_counter()
    seconds = since_start()
    begun = dict(reporter.stages)
    fits = begun.get("searching bands") or begun["fitting"]  # of several bands, or of one
    assert outcome.rows, outcome.failures
    fit = statistics.mean(row.fit_seconds for row in outcome.rows)
    return {
        "seconds": seconds,
        "prepare": begun["auditing files"] - begun["preparing pictures"],
        "audit": fits - begun["auditing files"],
        "search": begun["sending to MLflow"] - fits,
        "send": end - begun["sending to MLflow"],
        "computed": outcome.computed,
        "fit": fit,
    }


class NoExporter:
    """In place of the exporter: nothing is sent."""

    problem = ""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def start(self) -> None:
        """Nothing."""

    def close(self, patience: float = 0) -> int:
        """Nothing is left."""
        return 0


def published_study(folder: str, crop: int, jobs: int, n_bands: int = N_BANDS) -> dict[str, float]:
    """Our study of the same settings and 3 draws, with the published features and classifier."""
    from bandbench.benchmark.frequency.bands import Band

    bands = []
    for setting in settings(n_bands):
        cutoff = Band(setting.kind, setting.cutoff / crop).cutoff
        bands.append({"kind": setting.kind, "order": setting.order, "high" if setting.kind == "low" else "low": cutoff})
    return study(
        folder, jobs, detectors=["spectral_svm/faithful"], mode="reweight", seeds=3, crop={"side": crop}, sweep=None,
        search={"trials": 0}, bands=bands, oracle=False, controls=False,
    )  # fmt: skip


def features(folder: str, crop: int) -> dict[str, Any]:
    """Feature pass against bare decode and FFT; each further band against the first pass (seconds)."""
    import numpy as np
    import scipy.fft
    from published_loop import read_grey

    from bandbench.benchmark.contracts import ViewSpec
    from bandbench.benchmark.domains.catalogue import Catalogue, OpenDomain
    from bandbench.benchmark.features.chunks import Places, chunk_tasks, prepare_chunk
    from bandbench.benchmark.features.item_sets import item_set, item_statuses
    from bandbench.benchmark.features.load import load_view
    from bandbench.benchmark.frequency.bands import Band
    from bandbench.benchmark.pictures.crops import CropSpec
    from bandbench.benchmark.store.folders import cache_root
    from bandbench.benchmark.workers import steady_memory

    steady_memory()  # as workers do
    paths, _ = paths_and_labels(folder)
    views = {
        "profile": ViewSpec("profile"),
        "profile, published": ViewSpec("profile", {"variant": "published"}),
        "dct": ViewSpec("dct"),
    }
    found: dict[str, Any] = {}
    domain = OpenDomain("mine", Catalogue({"mine": folder}).spec("mine"), 0, 0)
    domain.split("train")
    cut = cropper(crop)

    def bare() -> None:
        for path in paths:
            scipy.fft.rfft2(cut(read_grey(path)).astype(np.float32))

    for name, view in views.items():
        times: dict[str, list[float]] = {"bare": [], "pass": []}
        places = Places(str(cache_root() / name), str(cache_root() / "scratch"), "")
        for _ in range(3):
            start = time.perf_counter()
            bare()
            times["bare"].append(time.perf_counter() - start)
            # Pages of the last pass are used again: a virtual machine writes far more slowly into those it never had before.
            shutil.rmtree(places.cache, ignore_errors=True)
            start = time.perf_counter()
            tasks = chunk_tasks(domain, ("train", "val", "test"), CropSpec(crop, "centre", 1), [view], places)
            chunks = [prepare_chunk(task) for task in tasks]
            times["pass"].append(time.perf_counter() - start)
        sets = [item_set(domain, s, item_statuses(domain, s, tasks, chunks), tasks, chunks) for s in ("train", "val", "test")]
        bands = {}
        for mode in ("keep", "reweight", "pixels"):
            each = []
            for i in range(12):
                band = Band("low" if i % 2 else "high", 0.15 + 0.02 * i, mode=mode, order=2)
                start = time.perf_counter()
                for items in sets:
                    load_view(items, view, band)
                each.append(time.perf_counter() - start)
            bands[mode] = statistics.median(each)
        found[name] = {"bare": min(times["bare"]), "pass": min(times["pass"]), "bands": bands}
    return {"views": found}


def search_alone(n_trials: int) -> dict[str, float]:
    """Seconds per trial of asking for bands and telling what they gave, and of nothing else."""
    from bandbench.benchmark.search.optuna_history import History, open_storage
    from bandbench.benchmark.store.folders import results_root
    from bandbench.benchmark.study.study_file import Search

    results_root().mkdir(parents=True, exist_ok=True)
    search = Search(trials=n_trials)
    history = History(open_storage(None, results_root() / "optuna.journal"), "perf", search, "keep", 0)
    start = time.perf_counter()
    for first in range(0, n_trials, search.batch):
        for number, band in history.ask(first, min(first + search.batch, n_trials), ()):
            history.tell(number, 1 - abs(band.cutoff - 0.2))
    return {"per_trial": (time.perf_counter() - start) / n_trials}


def store() -> dict[str, float]:
    """Make an empty MLflow database, which is paid once and not per study."""
    from bandbench.benchmark.store.folders import results_root
    from bandbench.benchmark.tracking.store import client_for, default_tracking_uri

    results_root().mkdir(parents=True, exist_ok=True)
    client_for(default_tracking_uri())
    return {}


def start_up(first: bool) -> dict[str, float]:
    """Seconds of commands that compute nothing, from start to end, and of a study that is recorded; least of several."""
    program = str(Path(sys.executable).with_name("bench"))

    def least(command: list[str], n: int = 5) -> float:
        times = []
        for _ in range(n):
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            times.append(time.perf_counter() - start)
        return min(times)

    measured = {
        "python -c 'import numpy'": least([sys.executable, "-c", "import numpy"]),
        "bench --help": least([program, "--help"]),
        "bench list detectors": least([program, "list", "detectors"]),
    }
    if first:
        least([program, "run", "band_search"], 1)
        measured["bench run band_search, all of it recorded (the second make demo)"] = least([program, "run", "band_search"], 3)
    return measured


def memory(folder: str, crop: int) -> dict[str, float]:
    """Nothing but a study whose peak memory the caller watches."""
    return study(
        folder, 2, detectors=["coin_flip"], seeds=1, crop={"side": crop}, sweep={"width": 0.3, "step": 0.3},
        search={"trials": 0}, bootstrap=100,
    )  # fmt: skip


def scale(n: int, folder: str) -> dict[str, float]:
    """Ridge on rows that lie in a file, as many columns as a 128x128 colour DCT has: memory that is its own, and time."""
    import numpy as np

    from bandbench.benchmark.contracts import Features
    from bandbench.detectors.dct_ridge import DctRidge

    n_features, block = 128 * 128 * 3, 500
    path, rng = Path(folder, "rows"), np.random.default_rng(0)
    labels = np.arange(n) % 2
    common = rng.standard_normal((8, n_features), dtype=np.float32)
    trace = 0.02 * rng.standard_normal(n_features, dtype=np.float32)
    rows = np.memmap(path, np.float32, "w+", shape=(n, n_features))
    for start in range(0, n, block):
        part = rng.standard_normal((min(block, n - start), n_features), dtype=np.float32)
        part += rng.standard_normal((len(part), 8), dtype=np.float32) @ common
        part += labels[start : start + block, None].astype(np.float32) * trace
        rows[start : start + block] = part
    rows.flush()
    rows = np.memmap(path, np.float32, "r", shape=(n, n_features))
    peaks, done = [0, 0], threading.Event()
    watcher = threading.Thread(target=_watch_own, args=(peaks, done))
    watcher.start()
    start = time.perf_counter()
    for first in range(0, n, block):
        float(rows[first : first + block].sum())
    reading = time.perf_counter() - start
    start = time.perf_counter()
    fitted = DctRidge(colour=True).fit(Features(rows), labels)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    assert (fitted.score(Features(rows[:block])) > 0).mean() > 0
    return {"seconds": seconds, "reading": reading, "own_mib": peaks[0] / 1024, "all_mib": peaks[1] / 1024}


def _watch_own(peaks: list[int], done: threading.Event) -> None:
    """Peaks, in KiB, of the memory that is the process's own, and of all with the pages of files that it looks at."""
    while not done.wait(0.05):
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        for i, name in enumerate(("RssAnon", "VmRSS")):
            peaks[i] = max(peaks[i], int(status[name].split()[0]))


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    f.__name__: f
    for f in (
        *(naive, vectorised, study, published_study, features, search_alone, start_up, memory, scale, store),
        *(preparing.preparing, preparing.preparing_memory, auditing.files),
    )
}


# --- the run ---------------------------------------------------------------------------------------------------------


def measure(name: str, watch_memory: bool = False, **arguments: Any) -> dict[str, Any]:
    """Run one measurement in a fresh process with folders of its own."""
    with tempfile.TemporaryDirectory(prefix="perf-") as place:
        environment = os.environ | {"BANDBENCH_HOME": f"{place}/home", "BANDBENCH_CACHE": f"{place}/cache"}
        program = [sys.executable, __file__, "--measure"]
        if "study" in name or name == "memory":
            subprocess.run([*program, json.dumps(["store", {}])], env=environment, stdout=subprocess.DEVNULL, check=True)
        command = [*program, json.dumps([name, arguments])]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
        peaks = [0]
        if watch_memory:
            threading.Thread(target=_watch, args=(process, peaks), daemon=True).start()
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"the measurement {name} failed")
        shown = {k: v for k, v in arguments.items() if not isinstance(v, dict | list)}
        print(f"  {name} {shown}: {out.strip()[-200:]}", file=sys.stderr)
        return json.loads(out.strip().splitlines()[-1]) | {"peak_mib": peaks[0] / 2**20}


def _watch(process: "subprocess.Popen[str]", peaks: list[int]) -> None:
    """Peak of the memory of a process and its children; pages that they share are counted once."""
    import psutil

    while process.poll() is None:
        total = 0
        try:
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        except psutil.Error:
            return
        for member in family:
            try:
                total += member.memory_full_info().pss
            except psutil.Error:
                continue
        peaks[0] = max(peaks[0], total)
        time.sleep(0.2)


def main() -> None:
    """Measure every section and write each into the report as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--pictures", type=Path, help="keep the pictures here [default: a temporary folder]")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures, report on the screen only")
    parser.add_argument("--only", choices=SECTIONS, help="one section, which replaces its predecessor in the report")
    options = parser.parse_args()
    if options.measure:
        name, arguments = json.loads(options.measure)
        print(json.dumps(MEASUREMENTS[name](**arguments)))
        return
    with tempfile.TemporaryDirectory(prefix="perf-pictures-") as temporary:
        place, divisor = options.pictures or Path(temporary), 10 if options.quick else 1
        for name in [options.only] if options.only else SECTIONS:
            print(name, file=sys.stderr)
            section = SECTIONS[name](place, divisor, measure)
            print(section)
            if not options.quick:
                report = with_head(REPORT.read_text(encoding="utf-8"), head())
                report = with_section(with_section(report, section), LIMITS.read_text(encoding="utf-8"))
                REPORT.write_text(report, encoding="utf-8")


Measure = Callable[..., dict[str, Any]]


def head() -> str:
    """Beginning of the report, with the machine."""
    return HEAD.format(cores=os.cpu_count(), machine=platform.machine(), python=platform.python_version())


def setups(place: Path, divisor: int) -> list[tuple[str, str, int]]:
    """Title, folder and crop of the pictures that studies and features are measured on."""
    from pictures import make_folder

    small, large = (place / name for name in ("small", "large"))
    return [
        (f"{2000 // divisor} of 128x128, centre third as published", str(make_folder(small, 2000 // divisor, 128)), 44),
        (f"{2000 // divisor} of 128x128, whole", str(small), 128),
        (f"{500 // divisor} of 512x512, centre third", str(make_folder(large, 500 // divisor, 512)), 172),
    ]


def studies_section(place: Path, divisor: int, measure: Measure) -> str:
    """The published band search, by hand and by us."""
    lines = [STUDY_HEAD]
    for title, folder, crop in setups(place, divisor):
        loop, array = (measure(name, folder=folder, crop=crop) for name in ("naive", "vectorised"))
        # Of more pixels the loop takes hours for so many bands.
        for n_bands in (N_BANDS, MANY_BANDS) if crop <= 128 else (N_BANDS,):
            n_turns = 3 if n_bands == N_BANDS else 1
            two, one = (
                _median(measure, n_turns, "published_study", folder=folder, crop=crop, jobs=jobs, n_bands=n_bands)["seconds"]
                for jobs in (2, 1)
            )
            by_hand = [of_bands(program, n_bands) for program in (loop, array)]
            fits = n_bands * loop["fits_per_band"] / by_hand[0]
            ratios = " | ".join(_times(seconds / two) for seconds in by_hand)
            lines.append(f"| {title} | {n_bands} | {ratios} | {one / two:.2f} | {100 * fits:.0f} % |")
    return "\n".join(lines)


def features_section(place: Path, divisor: int, measure: Measure) -> str:
    """Passes over pictures, and one further band."""
    lines = [FEATURES_HEAD]
    for title, folder, crop in setups(place, divisor):
        for view, one in measure("features", folder=folder, crop=crop)["views"].items():
            shares = " | ".join(f"{100 * seconds / one['pass']:.1f} %" for seconds in one["bands"].values())
            lines.append(f"| {title} | {view} | {one['pass'] / one['bare']:.2f} | {shares} |")
    return "\n".join(lines)


def search_section(place: Path, divisor: int, measure: Measure) -> str:
    """Search and tracking."""
    folder, n_trials = setups(place, divisor)[0][1], 500 // divisor
    keys = {"detectors": ["spectral_svm"], "seeds": 1, "sweep": None, "oracle": True, "crop": {"side": 128}, "controls": False}
    with_, without, none = (
        _median(measure, 3, "study", folder=folder, jobs=2, tracking=tracking, search={"trials": trials}, **keys)
        for tracking, trials in ((True, n_trials), (False, n_trials), (False, 0))
    )
    asking = measure("search_alone", n_trials=n_trials)
    per_trial = (without["seconds"] - none["seconds"]) / n_trials
    return SEARCH.format(
        trials=n_trials,
        tracked=with_["seconds"] / without["seconds"],
        asking=asking["per_trial"] / without["fit"],
        trial=per_trial / without["fit"],
    ).rstrip("\n")


def start_section(place: Path, divisor: int, measure: Measure) -> str:
    """Commands that compute nothing new."""
    seconds = {name: value for name, value in measure("start_up", first=divisor == 1).items() if name != "peak_mib"}
    first = next(iter(seconds.values()))
    return "\n".join([START_HEAD, *(f"| `{name}` | {value:.2f} | {value / first:.1f} |" for name, value in seconds.items())])


def memory_section(place: Path, divisor: int, measure: Measure) -> str:
    """Memory of a study by the number of its pictures."""
    from pictures import make_folder

    lines, least = [MEMORY_HEAD], 0.0
    for n in (1000 // divisor, 10_000 // divisor, 100_000 // divisor):
        folder = make_folder(place / f"many-{n}", n, 128)
        peak = measure("memory", watch_memory=True, folder=str(folder), crop=44)["peak_mib"]
        shutil.rmtree(folder)
        least = least or peak
        lines.append(f"| {n:,} | {peak:.0f} | {peak / least:.2f} |")
    return "\n".join(lines)


def scale_section(place: Path, divisor: int, measure: Measure) -> str:
    """Ridge regression on rows that lie in a file."""
    lines = [SCALE_HEAD]
    place.mkdir(parents=True, exist_ok=True)
    for n in (20_000 // divisor, 100_000 // divisor):
        one, gigabytes = measure("scale", n=n, folder=str(place)), n * 128 * 128 * 3 * 4 / 2**30
        ratio = one["seconds"] / one["reading"]
        lines.append(f"| {n:,} | {gigabytes:.1f} | {one['own_mib']:.0f} | {one['all_mib']:.0f} | {ratio:.1f} |")
    Path(place, "rows").unlink()
    return "\n".join(lines)


def _median(measure: Measure, n_turns: int, name: str, **arguments: Any) -> dict[str, Any]:
    """Measure several times and return the one that took neither the least nor the most."""
    return sorted((measure(name, **arguments) for _ in range(n_turns)), key=lambda one: one["seconds"])[n_turns // 2]


def _times(value: float) -> str:
    return f"{value:.0f}x" if value >= 10 else f"{value:.1f}x"


HEAD = """# Performance

This page is written by `make perf`. It compares times that were measured in one run, on the same pictures, with one numeric
thread per process. It gives ratios, because absolute times depend on the machine more than on the program.

Machine: {cores} cores, {machine}, Python {python}.
"""
STUDY_HEAD = """
## The published band search: low and high passes, 3 fits each

*naive*: the published loop, which repeats all steps for every picture and band (measured on a few of both and extrapolated).
*vectorised*: reads the pictures once, makes one mask per band, and does one FFT per picture and band; the classifier is
scikit-learn's (its time for 480 bands is extrapolated from 48). *ours*: a study with the same features and classifier on 2
workers, including records, score files, intervals, MLflow and figures. All times are from the start of the process to its end.

| pictures | bands | naive / ours | vectorised / ours | 1 worker / 2 | of naive: fits |
|---|---|---|---|---|---|"""
SEARCH = """
## Search and tracking

| measure | ratio |
|---|---|
| time of a study of {trials} trials with MLflow, relative to the same study without | {tracked:.2f} |
| time of the search algorithm per trial, relative to the fit in it | {asking:.2f} |
| total time per trial on 2 workers, relative to the fit in it | {trial:.2f} |
"""
START_HEAD = """
## Start

Commands that compute nothing new, from start to end, with byte code that is compiled.

| command | seconds | relative to the first |
|---|---|---|"""
FEATURES_HEAD = """
## Features

*pass*: time to read, hash, decode, crop, transform and store all pictures. *bare*: time to decode them and to compute one
float32 FFT of each. *keep*, *reweight*, *pixels*: time to compute the features of one further band, as a share of the pass.

| pictures | view | pass / bare | keep | reweight | pixels |
|---|---|---|---|---|---|"""


MEMORY_HEAD = """
## Memory

Peak memory of a study: the sum over its processes, with shared pages counted once.

| pictures | MiB | against the first |
|---|---|---|"""
SCALE_HEAD = """
## Ridge regression on data larger than memory

`dct_ridge` in colour at 128x128, with 49,152 float32 columns in a memory-mapped file. *own*: memory that the process allocates.
*with pages*: the same plus the pages of the file that the system caches and may drop at any time. *fit / reading*: time of the
fit relative to reading the file once and summing its values.

| pictures | GiB | own MiB | with pages MiB | fit / reading |
|---|---|---|---|---|"""


SECTIONS: dict[str, Callable[[Path, int, Measure], str]] = {
    "studies": studies_section,
    "features": features_section,
    "search": search_section,
    "start": start_section,
    "memory": memory_section,
    "scale": scale_section,
    "preparing": preparing.section,
    "auditing": auditing.section,
}


if __name__ == "__main__":
    main()
