"""The audit finds classes that are stored in two ways, names the fact, and is silent where they are stored alike."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.pictures import audit as audits
from bandbench.benchmark.pictures.audit import Audit, FactTable, audit, join
from bandbench.benchmark.pictures.file_facts import add_traces, decode_with_facts
from conftest import noise_picture

N = 40
EXIF = Image.Exif()
EXIF[0x010F] = "camera"
Store = Callable[[Image.Image, int], bytes]


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def as_png(picture: Image.Image, number: int) -> bytes:
    return saved(picture)


def as_jpeg(**options: object) -> Store:
    return lambda picture, number: saved(picture.convert("RGB"), "JPEG", **({"quality": 90} | options))


def resized(*sides: int) -> Store:
    def store(picture: Image.Image, number: int) -> bytes:
        for side in sides:
            picture = picture.resize((side, side), Image.Resampling.BICUBIC)
        return saved(picture)

    return store


def mixed(share: float) -> Store:
    """Some PNG, the rest JPEG."""
    return lambda picture, number: (as_png if (number * 7) % N < share * N else as_jpeg(quality=75))(picture, number)


def table(real: Store, fake: Store, n: int = N, first: int = 0, groups: int = 10**6) -> FactTable:
    """Pictures of one population, stored in one way as reals and in another as fakes."""
    stored = [
        store(Image.fromarray(noise_picture(first + 2 * i + k, 112)), i)
        for k, store in enumerate((real, fake))
        for i in range(n)
    ]
    pixels, facts, _ = zip(*map(decode_with_facts, stored), strict=True)
    measured = np.stack(facts)
    add_traces(measured, pixels)
    return FactTable(measured, np.repeat([0, 1], n), np.array([f"{i // n}-{i % n % groups}" for i in range(2 * n)]))


def outcome(*tables: FactTable) -> Audit:
    made = audit(*tables)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("real", "fake", "fact", "values"),
    [
        (as_png, as_jpeg(quality=75), "format", ("PNG", "JPEG 75")),
        (as_jpeg(quality=95), as_jpeg(quality=90), "JPEG quality", ("95", "90")),
        (as_jpeg(subsampling="4:4:4"), as_jpeg(subsampling="4:2:0"), "chroma sampling", ("4:4:4", "4:2:0")),
        (as_jpeg(), as_jpeg(progressive=True), "progressive coding", ("no", "yes")),
        (as_jpeg(), as_jpeg(exif=EXIF), "EXIF data", ("no", "yes")),
        (as_jpeg(icc_profile=b"profile"), as_jpeg(), "colour profile (ICC)", ("yes", "no")),
        (lambda p, _: saved(p.convert("RGB")), as_png, "colour mode", ("RGB", "L")),
        (as_png, lambda p, _: saved(p.crop((0, 0, 111, 111))), "size", ("112x112", "111x111")),
    ],
)
def test_classes_that_are_stored_in_two_ways(real: Store, fake: Store, fact: str, values: tuple[str, str]) -> None:
    shortcut = outcome(table(real, fake)).shortcut
    assert (shortcut.auc, shortcut.fact, shortcut.values, shortcut.ambiguous) == (1, fact, values, False)
    assert shortcut.is_marked


@pytest.mark.parametrize("sides", [(110, 112), (84, 112)])
def test_a_trace_that_a_generator_may_leave_is_ambiguous(sides: tuple[int, ...]) -> None:
    shortcut = outcome(table(as_png, resized(*sides))).shortcut
    assert shortcut.is_marked and shortcut.ambiguous
    assert shortcut.auc > 0.95


def test_four_fifths_against_one_fifth() -> None:
    """The rule that names the class by the format is right on 80 % of either class: AUC 0.8."""
    shortcut = outcome(table(mixed(0.8), mixed(0.2), n=2 * N)).shortcut
    assert shortcut.fact == "format" and shortcut.is_marked and not shortcut.ambiguous
    assert shortcut.auc == pytest.approx(0.8, abs=0.08)
    assert shortcut.values == ("PNG 80 %, JPEG 75 20 %", "JPEG 75 80 %, PNG 20 %")


@pytest.mark.parametrize("store", [as_png, mixed(0.5)])
def test_classes_that_are_stored_alike_are_not_marked(store: Store) -> None:
    """In 40 draws of the audit's simulation none was (docs/explanation/methods.md); here are four."""
    marks = [outcome(table(store, store, first=1000 * draw)).shortcut.is_marked for draw in range(4)]
    assert marks == [False] * 4


def test_frames_of_one_clip_count_once() -> None:
    """Two clips of a class say little, however many frames were taken from them."""
    many, few = table(as_png, as_jpeg()), table(as_png, as_jpeg(), groups=2)
    assert outcome(many).shortcut.is_marked and not outcome(few).shortcut.is_marked
    assert audit(table(as_png, as_jpeg(), groups=1)) is None


def test_of_very_many_pictures_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "MOST_PICTURES", 10)
    few = outcome(table(as_png, as_jpeg(), n=20))
    assert few.auc == outcome(table(as_png, as_jpeg(), n=10)).auc


def test_joined_tables_keep_their_order() -> None:
    first, second = table(as_png, as_png, n=2), table(as_jpeg(), as_jpeg(), n=3)
    both = join([first, second])
    assert len(both) == 10 and np.array_equal(both[np.arange(4, 10)].facts, second.facts)
