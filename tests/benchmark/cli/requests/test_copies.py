"""Options of a preparation replace settings of the data set, so that none has a value of its own."""

import dataclasses

from bandbench.benchmark.cli.requests.copies import DoctorRequest, PrepareRequest


def test_a_preparation_leaves_every_setting_to_the_data_set() -> None:
    values = dataclasses.asdict(PrepareRequest("ffpp"))
    assert {name: value for name, value in values.items() if value is not None} == {
        "name": "ffpp",
        "retry": False,
        "dry_run": False,
    }


def test_the_doctor_opens_every_file_of_the_first_draw() -> None:
    request = DoctorRequest("mine")
    assert (request.sample, request.seed, request.replicate, request.crop) == (0, 0, 0, 128)
