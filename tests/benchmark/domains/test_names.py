"""Names of domains, split and joined."""

import ast
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.domains import names as domain_names
from bandbench.benchmark.domains.names import DomainName, chain_of, dataset_name, unperturbed

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
