"""Equal files, look-alikes and leaks, by the rule that names each."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Item, Split
from bandbench.datasets.doctor.duplicates import COPY, copies, leaks, lookalike_findings, lookalikes, similar_pictures
from bandbench.datasets.doctor.inventory import Entry
from bandbench.datasets.doctor.picture_facts import Facts

THUMBNAIL = bytes(range(256))


def entry(name: str, label: int = 0, split: Split = "test", used: bool = True, **facts: str) -> Entry:
    return Entry(Item(name, label, split, **facts), "still", ("",), used)


def facts(content: bytes, look: int | None = None, thumbnail: bytes = THUMBNAIL) -> Facts:
    return Facts(sha256=content, look=look, thumbnail=thumbnail)


@pytest.mark.parametrize(
    ("other", "level", "text"),
    [
        (entry("b", 1, "train"), "gap", "among reals and fakes"),
        (entry("b", 0, "train"), "gap", "in several splits"),
        (entry("b", 0, "test"), "note", "more than once in one class and split"),
        (entry("b", 0, "train", used=False), "note", "more than once in one class and split"),
    ],
)
def test_equal_files_are_named_by_the_worst_they_do(other: Entry, level: str, text: str) -> None:
    (finding,) = copies([entry("a"), other, entry("c")], {0: facts(b"1"), 1: facts(b"1"), 2: facts(b"2")})
    assert (finding.kind, finding.level, finding.files) == ("duplicate", level, (("a", "is also b"),))
    assert text in finding.text


def test_files_that_were_not_hashed_or_do_not_decode_are_no_copies() -> None:
    entries = [entry("a"), entry("b")]
    assert copies(entries, {0: facts(b""), 1: facts(b"")}) == []
    assert copies(entries, {0: Facts(sha256=b"1", error="no"), 1: Facts(sha256=b"1", error="no")}) == []


def test_held_out_pictures_are_compared_with_those_that_are_learned_from() -> None:
    splits: list[Split] = ["train", "val", "test"]
    entries = [entry(split, split=split) for split in splits]
    found = lookalikes(entries, {i: facts(bytes([i]), look=5) for i in range(3)}, 0)
    assert [(f.kind, f.level, f.where, f.files[0][0]) for f in found] == [
        ("copy", "gap", "test against train and val", "test"),
        ("copy", "gap", "val against train", "val"),
    ]


def test_equal_files_flat_pictures_and_far_hashes_are_no_lookalikes() -> None:
    a = ([entry("a")], {0: facts(b"1", look=0b1111)}, [0])
    for other, n in ((facts(b"2", look=0b0011), 1), (facts(b"2", look=0), 0), (facts(b"1", look=0b1111), 0), (facts(b"2"), 0)):
        assert len(similar_pictures(a, ([entry("b")], {0: other}, [0]), 2)) == n


def test_thumbnails_tell_a_copy_from_a_likeness() -> None:
    copied, alike = lookalike_findings([("a", "x", COPY), ("b", "y", np.nextafter(COPY, 0))], 9, "test against train")
    assert (copied.kind, copied.level, copied.files) == ("copy", "gap", (("a", "looks like x"),))
    assert (alike.kind, alike.level, alike.files) == ("lookalike", "note", (("b", "looks like y"),))
    assert copied.text.startswith("1 of 9 are a picture of the other side")


def test_an_identity_on_two_sides_is_a_leak_of_these_two() -> None:
    entries = [entry("a", split="train", target="p"), entry("b", 1, "val", target="q"), entry("c", 1, target="r", donor="p")]
    (finding,) = leaks(entries)
    assert (finding.kind, finding.level, finding.where) == ("leak", "gap", "train and test")
    assert leaks(entries[:2]) == []
