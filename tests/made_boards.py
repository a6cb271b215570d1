"""Boards of cells that were never run: score files drawn at random, whose rows are computed as those of recorded cells are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.cell_document import SCHEMA, CellDocument, NarrowBand, keep_cell_document
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.scores import OK, item_table, with_scores, write_table
from bandbench.leaderboard.ranking.board import ranked_board
from bandbench.leaderboard.rows import ranked

DOMAINS = ("set/a", "set/b", "set/c", "set/d")
CHOSEN = Band("low", 0.2)
N_REALS, N_FAKES = 60, 50  # of a domain
STRENGTHS = {
    "svm": (2.0, 1.6, 1.2, 0.9),
    "ridge": (1.8, 1.5, 1.2, 0.8),
    "knn": (1.5, 0.3, 0.2, 0.1),
    "lbp": (1.6, 0.5, 0.1, 0.6),
}


@dataclass(frozen=True)
class MadeBoard:
    """Ranked rows, and the folders of their cells by run."""

    rows: list[Row]
    folders: Mapping[str, Path]


RELEASED = dict(zip(DOMAINS, ("2019", "2020", "2021", "2022"), strict=True))


def made_board(
    folder: Path,
    draws: int = 5,
    trains: Sequence[str] = DOMAINS[:2],
    sources: Sequence[str] = (),
    n: int = 1,
    whole: bool = False,
    **draws_of: int,
) -> MadeBoard:
    """
    Write cells and compute their rows.

    Parameters
    ----------
    folder : Path
    draws : int
        Of every detector that `draws_of` does not name.
    trains : sequence of str
    sources : sequence of str
        Other reals that all fakes are set against.
    n : int
        Factor of the numbers of pictures.
    whole : bool
        With all that a cell can have: best tried bands of the test domains, narrow bands, clips of two frames, release dates.
    """
    rows, folders = [], {}
    for detector in STRENGTHS:
        for train in trains:
            run = f"run-{detector}-{train.replace('/', '-').replace(' & ', '+')}"
            folders[run] = folder / run
            _write_cell(folders[run], detector, train, draws_of.get(detector, draws), sources, n, whole)
            rows += [replace(row, run_id=run) for row in cell_rows(folders[run])]
    board = ranked_board(ranked(rows), lambda row: folders.get(row.run_id))
    return MadeBoard(board.rows, folders)


def _write_cell(
    folder: Path, detector: str, train: str, draws: int, sources: Sequence[str], n: int, whole: bool = False
) -> None:
    rng = np.random.default_rng([sum(map(ord, detector)), sum(map(ord, train))])
    document, gains = document_of(detector, train, draws, whole), {"chosen": 0.2, "allpass": 0.0, "oracle": 0.3}
    for entry in document["tested"]:
        if entry["role"] == "oracle" and entry["files"][0].startswith("scores/chosen"):
            continue
        for file in entry["files"]:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            write_table(folder / file, _scores(rng, detector, train, gains[entry["role"]], sources, n, whole))
    if whole:
        document["narrow"] = [
            NarrowBand(
                "band", 0.1 * i, 0.1 * i + 0.1, (0.6, 0.1), {name: (float(rng.uniform(0.4, 1)), 0.1) for name in DOMAINS}
            ).to_json()
            for i in range(6)
        ]
    keep_cell_document(CellDocument.from_json(document), folder)


def document_of(detector: str, train: str, draws: int, whole: bool = False) -> dict[str, Any]:
    """Return the JSON form of the document of a cell: a chosen band and all-pass; of a whole one best bands by domain, too."""
    bands = [("chosen", CHOSEN, ""), ("allpass", Band(), "")]
    if whole:
        bands += [("oracle", Band("band", 0.1 + 0.1 * i, 0.05), name) for i, name in enumerate(DOMAINS[:-1])]
    tested = [
        {
            **{"role": role, "band": band.as_dict(), "domain": domain, "fit_seconds": 1.0, "score_ms": 2.0},
            "files": [f"scores/{role}{domain.replace('/', '-')}-{draw}.parquet" for draw in range(draws)],
        }
        for role, band, domain in bands
    ]
    if whole:  # on the last domain no band is better than the chosen one
        tested.append({**tested[0], "role": "oracle", "domain": DOMAINS[-1]})
    return {
        "schema": SCHEMA, "key": f"{detector}-{train}", "study": "made", "study_key": "k", "detector": detector,
        "detector_identity": {"version": 1}, "train": train, "tests": list(DOMAINS), "seed": 0, "seeds": draws, "attempt": 0,
        "bootstrap": 50, "crop": {"side": 64}, "band": CHOSEN.as_dict(), "rule": "best", "evidence": None, "trials": [],
        "tested": tested, "decode_ms": 3.0, "gaps": [], "problems": [], "versions": {}, "finished": 4.0, "settings": "set",
        "variant": "var", "split_id": "id", "splits": {}, "test_splits": dict.fromkeys(DOMAINS, "list"),
        "pictures": {name: f"pictures of {name}" for name in DOMAINS}, "dropped_leaks": {"train": 0, "val": 0}, "data": {},
        "digests": {f"{draw}/{train}/train": f"{train} {draw}" for draw in range(draws)}, "lookalikes": {}, "reals": {},
        "model_bytes": None, "train_overlap": 0.3, "plateau": None, "shortcuts": {}, "narrow": [],
        "released": RELEASED if whole else {},
    }  # fmt: skip


def _scores(
    rng: np.random.Generator, detector: str, train: str, gain: float, sources: Sequence[str], n: int, clips: bool = False
) -> pa.Table:
    luck = 0.2 * rng.normal()
    # Of the same pictures every detector sees the same difficulty.
    hard = {name: np.random.default_rng([7, i]).normal(size=1000 * n) for i, name in enumerate((*DOMAINS, *sources, "reals"))}
    members = train.split(" & ")
    tables = [_table(members[0], "val", "reals", hard, rng, 20 * n, 20 * n, 2.0, clips=clips)]
    for name, strength in zip(DOMAINS, STRENGTHS[detector], strict=True):
        tables.append(
            _table(
                name,
                "test",
                "reals",
                hard,
                rng,
                N_REALS * n,
                N_FAKES * n,
                strength + gain + luck + (name in members),
                clips=clips,
            )
        )
    tables += [_table(source, "reals", source, hard, rng, 40 * n, 0, 0.0, 0.2 * i) for i, source in enumerate(sources)]
    return pa.concat_tables(tables)


def _table(
    domain: str, split: str, reals: str, hard: Mapping[str, np.ndarray], rng: np.random.Generator, n_reals: int, n_fakes: int,
    strength: float, level: float = 0.0, clips: bool = False,
) -> pa.Table:  # fmt: skip
    """Reals in pairs of a group, which test domains have in common; fakes of some of these groups, and of their own."""
    videos = [f"v{i // 2}" * clips for i in range(max(n_reals, n_fakes))]
    items = [
        Item(f"{split}-real-{i}", 0, split, target=f"{split}{i // 2}", video=videos[i])  # type: ignore[arg-type]
        for i in range(n_reals)
    ]
    names = [f"{split}{i // 2}" if i % 3 == 0 else f"{domain}-{split}{i // 2}" for i in range(n_fakes)]
    items += [
        Item(f"{split}-fake-{i}", 1, split, target=name, video=f"f{videos[i]}" * clips)  # type: ignore[arg-type]
        for i, name in enumerate(names)
    ]
    scores = np.concatenate([level + hard[reals][:n_reals], strength + hard[domain][500 * (n_reals > 0) :][:n_fakes]])
    noise = rng.normal(size=len(items))
    return with_scores(item_table(domain, items, [OK] * len(items)), np.round(0.8 * scores + 0.6 * noise, 2))
