"""Facts that commands hand to the leaderboard."""

import pytest

from bandbench.api.board_inputs import RegisteredDomains, computed_datasets, known_release, repeat_command
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.results.cell_document import CellDocument

MINIMAL = {
    "schema": 2, "key": "k", "study": "s", "study_key": "", "detector": "d", "detector_identity": {}, "train": "t",
    "tests": [], "seed": 0, "seeds": 1, "attempt": 0, "bootstrap": 10, "crop": None, "band": {"kind": "all"}, "rule": "",
    "evidence": None, "trials": [], "tested": [], "decode_ms": 0.0, "gaps": [], "finished": 0.0,
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


def test_options_in_the_name_of_a_board_are_repeated() -> None:
    document = CellDocument.from_json(MINIMAL | {"study": "band_search~trials=0"})
    command = repeat_command(document)
    assert command.startswith("bench run --study band_search --detector d --train t ")
    assert command.endswith(" --seed 0 --seeds 1 --trials 0")


def test_computed_data_sets_are_those_that_say_so() -> None:
    assert "procedural" in computed_datasets()
    assert "folder" not in computed_datasets()


def test_chains_get_all_their_parameters() -> None:
    assert RegisteredDomains().canonical_chain("noise") == "noise:sd=10"
    with pytest.raises(StudyError, match="unknown perturbation 'nose'"):
        RegisteredDomains().canonical_chain("nose")


def test_test_items_of_embedded_data_are_listed() -> None:
    domains = RegisteredDomains()
    reference = domains.reference("procedural/blend+noise:sd=10")
    assert reference is not None
    items = Catalogue().domain("procedural/blend", 0).split("test")
    assert reference.ids == {item.id for item in items}
    assert (reference.pictures, reference.source) == ("", "the data set procedural")
    assert reference.table["item"].to_pylist() == sorted(reference.ids)
    assert domains.reference("elsewhere/x") is None
    with pytest.raises(DataError, match="unknown domain 'procedural/blnd'"):
        domains.reference("procedural/blnd")


@pytest.mark.parametrize(
    ("domain", "date"),
    [
        ("ffpp/Deepfakes@c23", "2019-01"),
        ("celeba/ProGAN", "2017-10"),
        ("procedural/blend", ""),
        ("mine", ""),
        ("timit/hq", "2018-12"),
    ],
)
def test_data_sets_know_dates_without_their_folder(domain: str, date: str) -> None:
    assert known_release(domain) == date
