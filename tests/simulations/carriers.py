"""
Measure what `peaks_or_continuum` names where the answer is known, for several seeds; print its table for methods.md.

Every entry is ``bench run peaks_or_continuum`` on one domain of `procedural`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

DOMAINS = ("lattice", "slope", "planted", "phase")
SEEDS = range(5)
DETECTORS = ("dct_ridge", "dct_ridge(transform=dct)")
SIZES = {"n_train": 160, "n_val": 20, "n_test": 200}
DRAWS = 1


def main() -> None:
    """Measure everything, domain by domain."""
    print("| domain | seed | detector | lives on | all | comb 8 | anticomb 8 | match | phase | amplitude |", flush=True)
    print(f"|{'---|' * 10}", flush=True)
    for domain in DOMAINS:
        for seed in SEEDS:
            for line in measured(f"procedural/{domain}", seed):
                print(f"| {domain} | {seed} | {' | '.join(cells(line))} |", flush=True)


def measured(domain: str, seed: int) -> list[dict]:
    """Run the study on one domain; return its entries of ``carriers``, by detector."""
    with tempfile.TemporaryDirectory() as home:
        places = {"BANDBENCH_HOME": f"{home}/home", "BANDBENCH_CACHE": f"{home}/cache"}
        command = ["bench", "run", "peaks_or_continuum", "--train", domain, "--test", domain, "--seed", str(seed)]
        command += ["--seeds", str(DRAWS), "--json", f"{home}/board.json"]
        for name, value in SIZES.items():
            command += ["--data", f"procedural.{name}={value}"]
        subprocess.run(command, env=os.environ | places, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = json.loads(Path(home, "board.json").read_text())["carriers"]
    return sorted(lines, key=lambda line: DETECTORS.index(line["detector"]))


def cells(line: dict) -> list[str]:
    """Return the entries of one line of the table."""
    finest = line["lattices"][-1]
    parts = (finest["comb"], finest["rest"], line["match_spectrum"], line["phase_only"], line["amplitude_only"])
    named = line["carrier"] + (f", period {line['period']}" if line["carrier"] == "peaks" else "")
    return [f"`{line['detector']}`", named, *(f"{one['auc']:.2f}" for one in (line["whole"], *parts))]


if __name__ == "__main__":
    sys.exit(main())
