"""Columns generator and source: each generator is a test domain, and each source a set of reals of its own."""

import pyarrow as pa

from bandbench.benchmark.domains.names import REALS
from bandbench.leaderboard.submissions.generators import by_domain


def line(
    item: str, dataset: str = "", generator: str = "", source: str = "", label: str = "", split: str = ""
) -> dict[str, str]:
    columns = {"dataset": dataset, "compression": "", "generator": generator, "source": source, "item": item}
    return columns | {"label": label, "score": "0.5", "status": "ok", "split": split}


def placed(*lines: dict[str, str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for one in by_domain(pa.Table.from_pylist(list(lines))).to_pylist():
        found.setdefault((one["domain"], one["split"]), []).append(one["item"])
    return {key: sorted(items) for key, items in found.items()}


def test_reals_of_sources_are_the_own_of_a_domain_that_has_no_others() -> None:
    lines = [
        line("f", "pub", "sd"),
        line("g", "pub", "dalle"),
        line("a", "pub", source="ffhq"),
        line("b", "pub", source="celeba"),
    ]
    assert placed(*lines) == {
        ("pub/sd", "test"): ["a", "b", "f"],
        ("pub/dalle", "test"): ["a", "b", "g"],
        ("ffhq", REALS): ["a"],
        ("celeba", REALS): ["b"],
    }


def test_reals_without_a_source_are_those_of_every_generator_of_their_data_set() -> None:
    lines = [line("f", "pub", "sd"), line("r", "pub", label="real"), line("a", source="ffhq"), line("x", "more", label="real")]
    assert placed(*lines) == {("pub/sd", "test"): ["f", "r"], ("ffhq", REALS): ["a"], ("more", "test"): ["x"]}


def test_a_missing_label_follows_from_the_columns() -> None:
    table = by_domain(pa.Table.from_pylist([line("f", generator="sd"), line("a", source="ffhq")]))
    found = dict(zip(table["item"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert found == {"f": "fake", "a": "real"}


def test_equal_names_in_two_sources_are_two_pictures() -> None:
    lines = [line("f", generator="sd"), line("1.png", source="ffhq"), line("1.png", source="celeba")]
    assert placed(*lines)["sd", "test"] == ["celeba/1.png", "f", "ffhq/1.png"]


def test_a_generator_that_the_data_set_names_is_not_named_twice() -> None:
    lines = [line("f", "ffpp/Deepfakes", "Deepfakes"), line("r", "ffpp/Deepfakes", label="0"), line("v", "ffpp", split="val")]
    assert placed(*lines) == {("ffpp/Deepfakes", "test"): ["f", "r"], ("ffpp", "val"): ["v"]}
