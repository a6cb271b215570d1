"""Facts that commands hand to the leaderboard."""

from bandbench.benchmark.cli.board_inputs import repeat_command
from bandbench.benchmark.results.cell_document import CellDocument

MINIMAL = {
    "schema": 2, "key": "k", "study": "s", "study_key": "", "detector": "d", "detector_identity": {}, "train": "t",
    "tests": [], "seed": 0, "seeds": 1, "attempt": 0, "bootstrap": 10, "crop": None, "band": {}, "rule": "", "evidence": None,
    "trials": [], "tested": [], "decode_ms": 0.0, "gaps": [], "finished": 0.0,
}  # fmt: skip


def test_the_command_survives_the_shell() -> None:
    import shlex

    changes = {
        "study": "a b",
        "detector": "$(x)",
        "train": "'q'",
        "tests": ["t;u", "t;u+jpeg:quality=5"],
        "seed": 3,
        "seeds": 2,
    }
    document = CellDocument.from_json(MINIMAL | changes)
    words = shlex.split(repeat_command(document))
    assert words == [
        "bench",
        "run",
        "--study",
        "a b.yaml",
        "--detector",
        "$(x)",
        "--train",
        "'q'",
        "--test",
        "t;u",
        "--seed",
        "3",
        "--seeds",
        "2",
    ]
