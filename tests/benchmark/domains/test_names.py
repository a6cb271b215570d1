"""Names of domains, split and joined."""

import ast
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.domains import names as domain_names
from bandbench.benchmark.domains.names import (
    DomainName,
    Shots,
    Training,
    chain_of,
    dataset_name,
    training,
    training_domains,
    training_of_json,
    unperturbed,
)

FULL = "ffpp/Deepfakes@c23+jpeg:quality=50+noise:sd=5"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (FULL, ("ffpp", "Deepfakes", "c23", "jpeg:quality=50+noise:sd=5")),
        ("ffpp/Deepfakes", ("ffpp", "Deepfakes", "", "")),
        ("ffpp@c23", ("ffpp", "", "c23", "")),
        ("uadfv", ("uadfv", "", "", "")),
        ("uadfv+noise:sd=5", ("uadfv", "", "", "noise:sd=5")),
        ("mine/a/b", ("mine", "a/b", "", "")),
    ],
)
def test_a_name_is_split_into_its_parts_and_joined_again(text: str, parts: tuple[str, str, str, str]) -> None:
    name = DomainName.parse(text)
    assert (name.dataset, name.variant, name.compression, name.chain) == parts
    assert str(name) == text


@pytest.mark.parametrize("text", ["", "x+", "x/", "x@", "+noise", "/x", "@c23", "x/@c23", "x/y@", "a@b/c@d", "x++y", "a, b"])
def test_an_odd_name_is_written_as_it_was_read(text: str) -> None:
    assert str(DomainName.parse(text)) == text


def test_a_compression_before_the_variant_has_one_spelling() -> None:
    assert str(DomainName.parse("ffpp@c23/Deepfakes")) == "ffpp/Deepfakes@c23"


def test_a_mark_within_a_chain_is_no_part_of_the_name_before_it() -> None:
    assert DomainName.parse("x+y/z@w") == DomainName("x", chain="y/z@w")


def test_the_part_is_what_a_data_set_is_asked_for() -> None:
    assert [DomainName.parse(text).part for text in (FULL, "ffpp@c23", "ffpp")] == ["Deepfakes@c23", "@c23", ""]


def test_the_same_pictures_unperturbed() -> None:
    assert DomainName.parse(FULL).unperturbed == DomainName("ffpp", "Deepfakes", "c23")
    assert unperturbed(FULL) == "ffpp/Deepfakes@c23"
    assert unperturbed("ffpp") == "ffpp"


def test_parts_by_function() -> None:
    assert chain_of(FULL) == "jpeg:quality=50+noise:sd=5"
    assert chain_of("ffpp") == ""
    assert dataset_name(FULL) == dataset_name("ffpp+noise") == dataset_name("ffpp@c23") == dataset_name("ffpp") == "ffpp"


def test_the_standard_library_is_enough() -> None:
    tree = ast.parse(Path(str(domain_names.__file__)).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert imported <= sys.stdlib_module_names | {"collections.abc"}
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert [*relative, *(node for node in ast.walk(tree) if isinstance(node, ast.Import))] == []


@pytest.mark.parametrize(
    ("text", "members", "shots", "json"),
    [
        ("set/a", ("set/a",), (), "set/a"),
        ("set/a & other", ("set/a", "other"), (), ["set/a", "other"]),
        ("set/a & 10 shots of set/b", ("set/a",), (Shots(10, "set/b"),), ["set/a", "10 shots of set/b"]),
        ("no shots of a&b", ("no shots of a&b",), (), "no shots of a&b"),
    ],
)
def test_a_training_is_split_into_its_parts_and_joined_again(
    text: str, members: tuple[str, ...], shots: tuple[Shots, ...], json: str | list[str]
) -> None:
    parts = Training.parse(text)
    assert (parts.members, parts.shots) == (members, shots)
    assert (str(parts), parts.to_json(), training_of_json(parts.to_json())) == (text, json, text)


def test_a_training_is_at_home_on_the_pictures_of_its_members_alone() -> None:
    parts = training("set/a+noise & set/b & 10 shots of set/c")
    assert [parts.is_home(domain) for domain in ("set/a", "set/b+jpeg", "set/c")] == [True, True, False]
    assert (parts.domains, parts.targets, parts.n_shots, parts.is_plain) == (
        ("set/a+noise", "set/b", "set/c"), ("set/c",), 10, False,
    )  # fmt: skip
    assert training_domains(["a", "a & b", "b & 3 shots of c"]) == ("a", "b", "c")


def test_a_pool_of_nearly_all_test_domains_is_called_by_what_it_leaves_out() -> None:
    pool = training("s/a & s/b & s/c")
    assert pool.label(["s/a", "s/b", "s/c", "s/d", "s/a+noise"]) == "all but s/d"
    assert pool.label(["s/a", "s/d"]) == "s/a & s/b & 1 more"  # the others were not tested
    assert pool.label(["s/a", "s/b", "s/c"]) == "s/a & s/b & 1 more"
    assert training("s/a & s/b").label(["s/a", "s/b", "s/c"]) == "s/a & s/b"
    assert training("s/a & s/b & s/c & 5 shots of s/d").label(["s/a", "s/b", "s/c", "s/d"]) == "all but s/d & 5 shots of s/d"
