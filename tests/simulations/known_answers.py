"""
Measure how well a sweep locates energy that was planted, for several stretches and seeds; print its table for methods.md.

Every line is ``bench run`` of a study with a sweep of narrow bands, each kept alone, on ``procedural/planted``.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

Part = tuple[float, float]
CASES = (  # stretches, strength, seeds
    ("0.10-0.14", 0.5, range(5)),
    ("0.33-0.40", 0.5, range(5)),
    ("0.10-0.30", 0.5, range(5)),
    ("0.08-0.12,0.32-0.38", 0.5, range(5)),
    ("0.20-0.26", 0.2, range(5)),
    ("0.20-0.26", 0.0, range(5)),
    # The rule of the ends was made on the lines above, and its constants were settled with those below in view.
    ("0.10-0.14", 0.5, range(5, 10)),
    ("0.20-0.26", 0.2, range(5, 10)),
    ("0.20-0.26", 0.0, range(5, 10)),
    ("0.06-0.10", 0.5, range(5)),
    ("0.25-0.29", 0.5, range(5)),
    ("0.42-0.47", 0.5, range(5)),
    ("0.10-0.14", 3.0, range(3)),
    ("0.20-0.26", 3.0, range(3)),
    ("0.15-0.19,0.23-0.27", 0.5, range(3)),
    ("0.30-0.34,0.37-0.41", 0.5, range(3)),
    ("0.02-0.05", 0.5, range(3)),
    ("0.12-0.15", 0.3, range(3)),
    ("0.05-0.45", 0.3, range(3)),
    ("0.20-0.30", 0.12, range(3)),
    ("0.44-0.50", 0.3, range(3)),
    # These were measured once, when nothing was changed any more.
    ("0.13-0.18", 0.5, range(10, 14)),
    ("0.22-0.25", 0.5, range(10, 14)),
    ("0.30-0.35", 0.3, range(10, 14)),
    ("0.09-0.13,0.24-0.30", 0.5, range(10, 14)),
    ("0.20-0.26", 0.0, range(10, 14)),
)
DETECTORS = ("spectral_svm", "dct_ridge")
LEAST_OVERLAP = 0.5  # of a stretch that is located; a lower one is set in bold


def main() -> None:
    """Measure everything, line by line."""
    names = " | ".join(f"`{name}`" for name in DETECTORS)
    print(f"| planted | strength | seeds | {names} |\n|---|---|---|---|---|", flush=True)
    for planted, strength, seeds in CASES:
        parts = [tuple(map(float, text.split("-"))) for text in planted.split(",")] if strength else []
        by_seed = [found(planted, strength, seed) for seed in seeds]
        cells = [", ".join(located(of_seed[name], parts) for of_seed in by_seed) for name in DETECTORS]
        print(f"| {planted.replace(',', ', ')} | {strength:g} | {seeds[0]}-{seeds[-1]} | {' | '.join(cells)} |", flush=True)


def found(planted: str, strength: float, seed: int) -> dict[str, list[Part]]:
    """Run the study of one line and seed; return the stretches by detector."""
    study = {
        **{"name": "known_answers", "detectors": list(DETECTORS), "train": ["procedural/planted"], "seed": seed, "seeds": 1},
        **{"test": ["procedural/planted"], "search": {"trials": 0}, "oracle": False, "controls": False, "keep_models": False},
        "datasets": {"procedural": {"planted_band": planted, "strength": strength, "n_test": 10}},
    }
    with tempfile.TemporaryDirectory() as home:
        path = Path(home, "study.yaml")
        path.write_text(yaml.safe_dump(study))
        places = {"BANDBENCH_HOME": f"{home}/home", "BANDBENCH_CACHE": f"{home}/cache"}
        command = ["bench", "run", "--study", str(path), "--json", f"{home}/board.json"]
        subprocess.run(command, env=os.environ | places, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = json.loads(Path(home, "board.json").read_text())["rows"]
    return {row["detector"]: [(s["low"], s["high"]) for s in row["evidence"]] for row in rows if row["role"] == "chosen"}


def located(stretches: Sequence[Part], planted: Sequence[Part]) -> str:
    """Return the best overlap with every planted stretch, and the number of stretches that are none of them."""
    best = [max((overlap(stretch, part) for stretch in stretches), default=0.0) for part in planted]
    others = sum(all(overlap(stretch, part) == 0 for part in planted) for stretch in stretches)
    text = "/".join(f"{value:.2f}".removeprefix("0") for value in best) or "none"
    text = f"**{text}**" if min(best, default=1.0) < LEAST_OVERLAP else text
    return text + (f" (+{others})" if others else "")


def overlap(one: Part, other: Part) -> float:
    """Return intersection over union of two stretches."""
    shared = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / (max(one[1], other[1]) - min(one[0], other[0]))


if __name__ == "__main__":
    sys.exit(main())
