"""Schemes of file names: the clip is read from all common ones, however classes share it, or the names are refused."""

import hashlib
import random
import uuid
from collections.abc import Callable

import pytest

from bandbench.datasets.grouping.name_schemes import Named, read_names
from bandbench.datasets.grouping.pairs import read_pairs
from bandbench.datasets.grouping.readings import AmbiguousNamesError, Reading

CLIPS, FRAMES = 60, 10
SIDES = ("real", "fake")
Name = Callable[[int, int, int], str]  # of a clip, a frame and a label


def word(clip: int, letters: str = "abcdefghijklmnop", n: int = 10) -> str:
    return "".join(random.Random(clip).choices(letters, k=n))


def time_of(picture: int) -> str:
    rng = random.Random(picture)
    day, hour, minute, second = rng.randrange(1, 29), rng.randrange(24), rng.randrange(60), rng.randrange(60)
    return f"2021-{rng.randrange(1, 13):02d}-{day:02d}T{hour:02d}-{minute:02d}-{second:02d}"


TOLD_BY_WORDS: dict[str, Name] = {
    "id07_003": lambda c, f, k: f"id{c:02d}_{f:03d}",
    "id7_3": lambda c, f, k: f"id{c}_{f}",
    "id00_frame0003": lambda c, f, k: f"id{c:02d}_frame{f:04d}",
    "id00frame0003": lambda c, f, k: f"id{c:02d}frame{f:04d}",
    "0003_id00": lambda c, f, k: f"{f:04d}_id{c:02d}",
    "frame_0003_id00": lambda c, f, k: f"frame_{f:04d}_id{c:02d}",
    "id00_0003_face0": lambda c, f, k: f"id{c:02d}_{f:04d}_face{f % 2}",
    "003_id12_face_1": lambda c, f, k: f"{f:03d}_id{c:02d}_face_{f % 2}",
    "clip 00 (3)": lambda c, f, k: f"clip {c:02d} ({f})",
    "video12-frame3": lambda c, f, k: f"video{c}-frame{f}",
    "s01e02_f003": lambda c, f, k: f"s{c // 10:02d}e{c % 10:02d}_f{f:03d}",
    "IMG_20200101_001": lambda c, f, k: f"IMG_202001{c:02d}_{f:03d}",
    "abcdefghij_12": lambda c, f, k: f"{word(c)}_{f}",
    "dQw4w9WgXcQ_0003": lambda c, f, k: f"{word(c, 'abcDEF0123456_-xyz', 11)}_{f:04d}",
    "anna_0003_left": lambda c, f, k: f"{word(c, 'abcde', 8)}_{f:04d}_{('left', 'right')[f % 2]}",
    "kim12": lambda c, f, k: f"{word(c, 'abcde', 8)}{f}",
    "real_id7_2": lambda c, f, k: f"{SIDES[k]}_id{c}_{f}",
    "v07_03": lambda c, f, k: f"v{c:02d}_{f:02d}",
    "id3.5": lambda c, f, k: f"id{c}.{f}",
    "20210305_140711_0003": lambda c, f, k: f"20210305_14{c:02d}11_{f:04d}",
    "IMG_1049 (3)": lambda c, f, k: f"IMG_{1000 + c * 7} ({f})",
    "anna_003_128x128": lambda c, f, k: f"{word(c)}_{f:03d}_128x128",
    "img_003_anna": lambda c, f, k: f"img_{f:03d}_{word(c)}",
    "out003_anna": lambda c, f, k: f"out{f:03d}_{word(c)}",
    "anna.part3": lambda c, f, k: f"{word(c)}.part{f}",
    "anna_c": lambda c, f, k: f"{word(c)}_{'abcdefghij'[f]}",
    "anna_d2ddea18": lambda c, f, k: f"{word(c)}_{hashlib.md5(f'{c} {f}'.encode()).hexdigest()[:8]}",
    "d2ddea18_anna": lambda c, f, k: f"{hashlib.md5(f'{c} {f}'.encode()).hexdigest()[:8]}_{word(c)}",
    "anna_003_88_36_112": lambda c, f, k: (
        f"{word(c)}_{f:03d}_{(c * 7 + f * 13) % 97}_{(c * 3 + f * 5) % 89}_{100 + f * 17 % 23}"
    ),
    "00070003": lambda c, f, k: f"{c:04d}{f:04d}",
    "0070012": lambda c, f, k: f"{c:03d}{4 * f + 1:04d}",
    "f3c7": lambda c, f, k: f"f{f}c{c}",
    "frame3ofclip07": lambda c, f, k: f"frame{f}ofclip{c:02d}",
    "video12_face0003": lambda c, f, k: f"video{c}_face{f:04d}",
}
NUMBERS: dict[str, Name] = {
    "00012-3": lambda c, f, k: f"{c:05d}-{f}",
    "0003_07": lambda c, f, k: f"{f:04d}_{c:02d}",
    "00_0003_face0": lambda c, f, k: f"{c:02d}_{f:04d}_face0",
    "00_0003_128": lambda c, f, k: f"{c:02d}_{f:04d}_128",
    "c07n003": lambda c, f, k: f"c{c:02d}n{f:03d}",
    "c07_n003": lambda c, f, k: f"c{c:02d}_n{f:03d}",
    "07d": lambda c, f, k: f"{c:02d}{'abcdefghij'[f]}",
    "07_d": lambda c, f, k: f"{c:02d}_{'abcdefghij'[f]}",
    "видео07_кадр003": lambda c, f, k: f"видео{c:02d}_кадр{f:03d}",
}
TELL_NOTHING: dict[str, Name] = {
    "00123": lambda c, f, k: f"{c * FRAMES + f:05d}",
    "123": lambda c, f, k: f"{c * FRAMES + f}",
    "000123": lambda c, f, k: f"{c * FRAMES + f:06d}",
    "009876": lambda c, f, k: f"{(c * FRAMES + f) * 7919 % 30011:06d}",
    "01230": lambda c, f, k: f"{10 * (c * FRAMES + f):05d}",
    "a0, b1": lambda c, f, k: f"{('abcdefghij', 'klmnopqrst')[k][f]}{c * FRAMES + f}",
    "real_00001": lambda c, f, k: f"{SIDES[k]}_{c * FRAMES + f:05d}",
    "fake1": lambda c, f, k: f"{SIDES[k]}{c * FRAMES + f}",
    "frame_00123": lambda c, f, k: f"frame_{c * FRAMES + f:05d}",
    "img_00123": lambda c, f, k: f"img_{c * FRAMES + f:05d}",
    "face_00123": lambda c, f, k: f"face_{c * FRAMES + f:05d}",
    "md5": lambda c, f, k: hashlib.md5(f"{c} {f} {k}".encode()).hexdigest(),
    "2021-03-05T14-22-33": lambda c, f, k: time_of(c * FRAMES + f),
    "00012-3141592653": lambda c, f, k: f"{c * FRAMES + f:05d}-{random.Random(c * FRAMES + f).getrandbits(32):010d}",
    "00123_35_78": lambda c, f, k: f"{c * FRAMES + f:05d}_{(c * 7 + f * 13) % 97}_{(c * 3 + f * 5) % 89}",
    "uuid": lambda c, f, k: str(uuid.UUID(int=random.Random(c * FRAMES + f).getrandbits(128))),
}


def listing(name: Name, sharing: str) -> tuple[list[Named], list[int]]:
    """Pictures of 60 clips: with one random label each, with a real and a fake version each, or numbered by each class."""
    rng = random.Random(1)
    pictures, clips = [], []
    for clip in range(CLIPS):
        labels = {"random": [rng.randrange(2)], "paired": [0, 1], "apart": [int(clip >= CLIPS // 2)]}[sharing]
        number = clip % (CLIPS // 2) if sharing == "apart" else clip
        for label in labels:
            pictures += [Named(f"{name(number, frame, label)}.png", label) for frame in range(FRAMES)]
            clips += [clip] * FRAMES
    return pictures, clips


def are_whole(reading: Reading, clips: list[int]) -> bool:
    """Return True if every clip lies in one group."""
    groups: dict[int, set[str]] = {}
    for clip, key in zip(clips, reading.keys, strict=True):
        groups.setdefault(clip, set()).add(key)
    return all(len(keys) == 1 and "" not in keys for keys in groups.values())


@pytest.mark.parametrize("sharing", ["random", "paired", "apart"])
@pytest.mark.parametrize("name", TOLD_BY_WORDS)
def test_a_clip_is_one_group(name: str, sharing: str) -> None:
    pictures, clips = listing(TOLD_BY_WORDS[name], sharing)
    reading = read_names(pictures)
    assert reading is not None
    assert are_whole(reading, clips)
    assert len(reading.groups) == len(set(clips)) // (2 if sharing == "apart" else 1)


@pytest.mark.parametrize("name", NUMBERS)
def test_of_two_numbers_the_clip_is_the_one_that_classes_or_gaps_bear_out(name: str) -> None:
    pictures, clips = listing(NUMBERS[name], "random")
    reading = read_names(pictures)
    assert reading is not None
    assert are_whole(reading, clips)
    assert len(reading.groups) == CLIPS


@pytest.mark.parametrize("sharing", ["paired", "apart"])
@pytest.mark.parametrize("name", NUMBERS)
def test_two_numbers_that_nothing_tells_apart_are_refused(name: str, sharing: str) -> None:
    with pytest.raises(AmbiguousNamesError) as error:
        read_names(listing(NUMBERS[name], sharing)[0])
    assert sorted(len(reading.groups) for reading in error.value.readings) == [FRAMES, 30 if sharing == "apart" else CLIPS]


def test_clips_of_different_lengths_tell_the_frame_number() -> None:
    """The numbers of a clip's frames have no gaps, those of the clips that have a frame 9 do."""
    pictures = [Named(f"{c:02d}_{f:02d}.png", label) for label in (0, 1) for c in range(40) for f in range(4 + c * 7 % 11)]
    reading = read_names(pictures)
    assert reading is not None
    assert (len(reading.groups), reading.describe()) == (40, "40 groups by `NN_`")


@pytest.mark.parametrize("sharing", ["random", "paired", "apart"])
@pytest.mark.parametrize("name", TELL_NOTHING)
def test_running_numbers_hashes_and_class_names_are_no_groups(name: str, sharing: str) -> None:
    assert read_names(listing(TELL_NOTHING[name], sharing)[0]) is None


@pytest.mark.parametrize(
    ("name", "described"),
    [
        ("id07_003", "60 groups by `idNN_`"),
        ("0003_id00", "60 groups by `_idNN`"),
        ("id7_3", "60 groups by `idN_`"),
        ("s01e02_f003", "60 groups by `sNNeNN_`"),
        ("abcdefghij_12", "60 groups by name up to the last number"),
    ],
)
def test_the_scheme_is_named_by_its_shape(name: str, described: str) -> None:
    reading = read_names(listing(TOLD_BY_WORDS[name], "random")[0])
    assert reading is not None
    assert reading.describe() == described


def test_a_listing_without_pictures_has_no_groups() -> None:
    assert read_names([]) is None


def test_persons_are_groups_where_they_are_many() -> None:
    """Clips of one person stay together; with four persons alone there would be no three splits."""

    def n_groups(persons: int, clip: str) -> int:
        names = [f"id{c % persons:02d}_{clip}{c // persons:02d}_{f:03d}.png" for c in range(60) for f in range(4)]
        reading = read_names([Named(name, i // 4 % 2) for i, name in enumerate(names)])
        assert reading is not None
        return len(reading.groups)

    assert [n_groups(20, "clip"), n_groups(4, "clip"), n_groups(20, ""), n_groups(4, "")] == [20, 60, 20, 60]


def test_classes_that_are_named_in_two_ways_are_read_apart() -> None:
    pictures = [Named(f"{i:05d}.png", 0) for i in range(100)] + [Named(f"id{i // 5}_{i % 5}.png", 1) for i in range(100)]
    reading = read_names(pictures)
    assert reading is not None
    assert set(reading.keys[:100]) == {""}
    assert len(set(reading.keys[100:])) == 20


def test_a_group_is_the_same_in_both_classes_however_they_are_numbered() -> None:
    reals = [Named(f"id{c:02d}_frame{f:03d}.png", 0) for c in range(20) for f in range(5)]
    fakes = [Named(f"{f:03d}_id{c:02d}.png", 1) for c in range(20) for f in range(5)]
    reading = read_names([*reals, *fakes])
    assert reading is not None
    assert set(reading.keys[:100]) == set(reading.keys[100:])


@pytest.mark.parametrize("name", [*TOLD_BY_WORDS, *NUMBERS, *TELL_NOTHING])
@pytest.mark.parametrize("sharing", ["random", "paired", "apart"])
def test_other_names_are_no_pairs(name: str, sharing: str) -> None:
    pictures, _ = listing((TOLD_BY_WORDS | NUMBERS | TELL_NOTHING)[name], sharing)
    assert read_pairs(pictures) is None


@pytest.mark.parametrize(
    ("real", "fake", "described"),
    [
        ("youtube_{c:03d}_{f}", "{m}_{c:03d}_{f}", "30 groups by `NNN`"),
        ("M{c:03d}_{f}", "{m}_M{c:03d}_{f}", "30 groups by `mNNN`"),
        ("{c:03d}_c23_f{f}", "{c:03d}_c40_f{f}", "30 groups by `NNN`"),
    ],
)
def test_methods_and_compressions_of_a_clip_are_one_group(real: str, fake: str, described: str) -> None:
    names = [
        (name.format(c=c, f=f, m=m), k)
        for k, name in enumerate((real, fake))
        for c in range(30)
        for f in range(3)
        for m in "xy"
    ]
    pictures = [Named(f"{name}.png", label) for name, label in dict.fromkeys(names)]
    reading = read_names(pictures)
    assert reading is not None
    assert reading.describe().lower() == described.lower()


def test_persons_are_no_methods() -> None:
    """Four persons who are in both classes stay apart, as do numbers."""
    for person in ("anna", "bert", "cora", "dora"), ("p1", "p2", "p3", "p4"):
        pictures = [Named(f"{p}_{c:02d}_{f}.png", c % 2) for p in person for c in range(12) for f in range(3)]
        reading = read_names(pictures)
        assert reading is not None
        assert len(reading.groups) == 48


@pytest.mark.parametrize("sharing", ["random", "apart"])
@pytest.mark.parametrize(
    "name",
    [
        lambda c, f, k: f"{word(c + 60 * k)}_t{f / 2:.2f}s",
        lambda c, f, k: f"clip{c + 60 * k}_00h00m{f:02d}s{f * 7:03d}",
        lambda c, f, k: f"{hashlib.md5(f'{c} {k}'.encode()).hexdigest()}-{hashlib.md5(f'{c} {f} {k}'.encode()).hexdigest()}",
    ],
)
def test_times_and_hashes_of_a_clip(name: Name, sharing: str) -> None:
    pictures, clips = listing(name, sharing)
    reading = read_names(pictures)
    assert reading is not None
    assert are_whole(reading, clips)


def test_poses_of_a_person_are_no_clips() -> None:
    """Four poses of 40 persons: that a person is of one class tells the number of the person from that of a frame."""

    def listed(label_of: Callable[[int, int], int]) -> list[Named]:
        poses = ("left", "right", "up", "down")
        return [Named(f"{c:03d}_{pose}.png", label_of(c, i)) for c in range(40) for i, pose in enumerate(poses)]

    reading = read_names(listed(lambda c, i: c % 2))
    assert reading is not None
    assert reading.describe() == "40 groups by `NNN_`"
    with pytest.raises(AmbiguousNamesError):
        read_names(listed(lambda c, i: (c + i) % 2))


@pytest.mark.parametrize("digits", [8, 12, 32])
def test_a_frame_number_right_behind_a_hash(digits: int) -> None:
    hashes = [hashlib.md5(f"{c}".encode()).hexdigest()[:digits] for c in range(40)]
    reading = read_names([Named(f"{name}{f:03d}.png", c % 2) for c, name in enumerate(hashes) for f in range(25)])
    assert reading is not None
    assert len(reading.groups) == 40
    for width in (3, 5):  # an abbreviation and a running number are no hash, nor are hashes without a number
        assert read_names([Named(f"ade{i:0{width}d}.png", i % 2) for i in range(900)]) is None
    assert read_names([Named(f"{hashlib.md5(f'{i}'.encode()).hexdigest()[:digits]}.png", i % 2) for i in range(900)]) is None


@pytest.mark.parametrize("sharing", ["random", "paired", "apart"])
@pytest.mark.parametrize("score", ["0.{}7", ".{}", "0.00{}"])
def test_a_score_is_no_frame_number(score: str, sharing: str) -> None:
    def listed(clip: Callable[[int], str], sharing: str) -> tuple[list[Named], list[int]]:
        return listing(lambda c, f, k: f"{clip(c)}_{f:04d}_{score.format((c * 7 + f * 3 + k) % 10)}", sharing)

    pictures, clips = listed(word, sharing)
    reading = read_names(pictures)
    assert reading is not None
    assert are_whole(reading, clips)
    assert len(reading.groups) == len(set(clips)) // (2 if sharing == "apart" else 1)
    with pytest.raises(AmbiguousNamesError):
        read_names(listed(lambda c: f"{c:03d}", "paired")[0])


@pytest.mark.parametrize("between", ["_", "-", ""])
def test_hexadecimal_clips_and_frames(between: str) -> None:
    """A class of its own tells the clip; otherwise the names are refused. A running number and a hash are neither."""

    def listed(label_of: Callable[[int], int]) -> list[Named]:
        return [Named(f"{7 * c + 3:02x}{between}{f:02x}.png", label_of(c)) for c in range(30) for f in range(16)]

    reading = read_names(listed(lambda c: c % 2))
    assert reading is not None
    assert len(reading.groups) == 30
    with pytest.raises(AmbiguousNamesError):
        read_names([Named(one.inner, label) for one in listed(lambda c: 0) for label in (0, 1)])
    rng = random.Random(0)
    for numbers in range(2000), rng.sample(range(16**4), 2000):
        names = [f"{i:04x}" for i in numbers]
        assert read_names([Named(f"{name}.png", i % 2) for i, name in enumerate(names)]) is None


def test_a_burst_and_its_cover_are_one_group() -> None:
    ends = [f"_BURST{f:03d}{'_COVER' * (f == 1)}" for f in range(1, 5)]
    pictures = [Named(f"IMG_2023100{c % 9}_{c * 977 + 101010}{end}.jpg", c % 2) for c in range(30) for end in ends]
    reading = read_names(pictures)
    assert reading is not None
    assert {len(some) for some in reading.groups.values()} == {4}


def test_the_first_word_of_a_prompt_is_no_group() -> None:
    """Prompts of three words that hardly recur, and a hash."""
    words = [word(i) for i in range(60)]
    prompts = [
        f"a_{words[i % 20]}_{words[20 + (i * 7 + i // 20) % 20]}_in_{words[40 + (i * 3 + i // 40) % 20]}" for i in range(300)
    ]
    hashes = [hashlib.md5(f"{i}".encode()).hexdigest()[:8] for i in range(300)]
    assert read_names([Named(f"{p}_{h}.png", i % 2) for i, (p, h) in enumerate(zip(prompts, hashes, strict=True))]) is None
