"""Groups of a folder: sub-folders against names, lists, and what is said of two readings."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import Split
from bandbench.benchmark.errors import DataError
from bandbench.datasets.grouping.groups import Grouping, Picture, group_pictures, groups_text


def grouping(root: Path, *names: str, groups: str = "auto") -> Grouping:
    pictures = [Picture(name, int(name.startswith("fake")), None, name.partition("/")[0]) for name in names]
    return group_pictures(pictures, groups, root, "mine")


def both(*names: str) -> list[str]:
    return [f"{label}/{name}" for label in ("real", "fake") for name in names]


def test_a_sub_folder_is_a_group_where_a_class_has_several(tmp_path: Path) -> None:
    names = [f"clip{c:02d}/{f:03d}.png" for c in range(20) for f in range(5)]
    assert grouping(tmp_path, *both(*names)).text == "20 groups by sub-folder"
    assert grouping(tmp_path, *both(*(f"all/{f:03d}.png" for f in range(50)))).text == "no groups in names or sub-folders"


def test_a_single_sub_folder_of_one_class_is_none(tmp_path: Path) -> None:
    fakes = [f"fake/clip{c}/{f}.png" for c in range(9) for f in range(5)]
    reals = [f"real/celeba/{i:05d}.png" for i in range(45)]
    assert grouping(tmp_path, *reals, *fakes).text == "9 groups by sub-folder, 45 pictures in no group"


def test_sub_folders_of_methods_with_the_same_clips_are_sources(tmp_path: Path) -> None:
    """A clip and its fakes by two methods are one group."""
    clips = [f"id{c:02d}_{f:03d}.png" for c in range(20) for f in range(4)]
    names = [f"{place}/{clip}" for place in ("real", "fake/swap", "fake/blend") for clip in clips]
    listed = grouping(tmp_path, *names)
    assert listed.text == "20 groups by `idNN_`"
    assert len({picture.group for picture in listed.pictures if picture.inner.endswith("id07_002.png")}) == 1


def test_many_sub_folders_and_names_that_cut_across_them_are_in_doubt(tmp_path: Path) -> None:
    names = [f"person{p:02d}/clip{c:02d}_{f}.png" for p in range(12) for c in range(8) for f in range(3)]
    doubt = grouping(tmp_path, *both(*names)).doubt
    assert "12 groups by sub-folder (person00/clip00_0.png is in the group 'person00': --group-by 'mine=folder')" in doubt
    assert "8 groups by `clipNN_`" in doubt
    assert "--group-by mine=none" in doubt


def test_names_within_sub_folders_change_nothing(tmp_path: Path) -> None:
    names = [f"anna{p}/id{p}_clip{c}_{f}.png" for p in range(12) for c in range(3) for f in range(3)]
    assert grouping(tmp_path, *both(*names)).text == "12 groups by sub-folder"


def test_the_option_that_a_doubt_names_settles_it(tmp_path: Path) -> None:
    names = both(*(f"{c:03d}_{f:02d}.png" for c in range(30) for f in range(10)))
    doubt = grouping(tmp_path, *names).doubt
    patterns = [part.partition("'")[0].removeprefix("mine=") for part in doubt.split("--group-by '")[1:]]
    texts = [grouping(tmp_path, *names, groups=pattern) for pattern in patterns]
    assert [len({picture.group for picture in one.pictures}) for one in texts] == [30, 10]


def test_an_option_is_named_only_where_it_gives_the_groups_that_are_described(tmp_path: Path) -> None:
    """The real and the fake clip of one number are one group, whatever stands between the number and the frame."""
    names = [f"real/{c:03d}_{f:02d}.png" for c in range(30) for f in range(10)]
    names += [f"fake/{c:03d}_fake_{f:02d}.png" for c in range(30) for f in range(10)]
    doubt = grouping(tmp_path, *names).doubt
    patterns = [part.partition("'")[0].removeprefix("mine=") for part in doubt.split("--group-by '")[1:]]
    found = [grouping(tmp_path, *names, groups=pattern).pictures for pattern in patterns]
    assert [len({picture.group for picture in pictures}) for pictures in found] == [30, 10]
    assert all({p.label for p in found[0] if p.group == key} == {0, 1} for key in {p.group for p in found[0]})


@pytest.mark.parametrize(
    "name",
    [
        lambda p, s: f"{1001 + p}_{['DFA', 'IEO', 'IOM', 'ITH'][s % 4]}_{['ANG', 'SAD', 'HAP'][s // 4]}_XX",
        lambda p, s: f"i{p:03d}{'qrs'[s // 4]}{'abcd'[s % 4]}-{'fm'[p % 2]}n",
    ],
)
def test_the_option_for_the_person_is_named(name: Callable[[int, int], str], tmp_path: Path) -> None:
    """In the names of CREMA-D and MUCT."""
    names = both(*(f"{name(p, s)}.png" for p in range(24) for s in range(12)))
    doubt = grouping(tmp_path, *names).doubt
    assert "or list the groups (--groups mine=FILE.csv, or groups.csv in the folder)" in doubt
    patterns = [part.partition("'")[0].removeprefix("mine=") for part in doubt.split("--group-by '")[1:]]
    assert 24 in [n_groups(grouping(tmp_path, *names, groups=pattern)) for pattern in patterns]


@pytest.mark.parametrize("frames", [0, 3, 12])
def test_no_option_is_finer_than_a_person_crossed_with_sentences(frames: int, tmp_path: Path) -> None:
    """In the names of RAVDESS, whose last number, or the one before that of the frame, is the actor."""
    clips = [f"01-01-{s // 8 + 1:02d}-{s // 4 % 2 + 1:02d}-{s // 2 % 2 + 1:02d}-{s % 2 + 1:02d}" for s in range(32)]
    ends = [f"_{f:04d}" for f in range(frames)] or [""]
    names = both(*(f"{clip}-{p + 1:02d}{end}.png" for p in range(24) for clip in clips for end in ends))
    doubt = grouping(tmp_path, *names).doubt
    patterns = [part.partition("'")[0].removeprefix("mine=") for part in doubt.split("--group-by '")[1:]]
    found = [grouping(tmp_path, *names, groups=pattern).pictures for pattern in patterns]
    assert len({(p.group, p.inner.partition("_")[0].removesuffix(".png")[-2:]) for p in found[0]}) == 24
    assert "two readings about equally well: 24 groups by" in doubt
    assert [len({picture.group for picture in some}) for some in found[1:]] in ([], [32])


SETTINGS = {
    "castle_640x512": "{u}_{s}",
    "one word": "{w}_{s}",
    "640x512_castle": "{s}_{u}",
    "img_640x512": "img_{s}_{i:05d}",
    "dog_cfg7_steps30": "{u}_cfg{c}_steps{t}",
    "steps and a seed": "{u}_steps_{t}_cfg{c}.5_seed{i}7",
    "x_seed123_1024x1024": "x_seed{i}_{s}",
    "dog_q95": "{u}_q{q}",
    "dog_v2": "{u}_v{v}",
    "dog_1024": "{u}_{b}",
}


@pytest.mark.parametrize("sharing", ["mixed", "apart", "fakes"])
@pytest.mark.parametrize("name", SETTINGS)
def test_sizes_and_settings_are_no_persons(name: str, sharing: str, tmp_path: Path) -> None:
    rng = random.Random(4)
    words = ["".join(rng.choices("abcdefghijklm", k=6)) for _ in range(40)]
    shown, names = set(), []
    for i in range(160):
        one = SETTINGS[name].format(
            u=f"{words[i % 40]}_{words[(7 * i + i // 40) % 40]}",
            w=words[i % 40],
            s=("512x512", "640x512", "768x512", "1024x1024")[i // 40 if name == "one word" else rng.randrange(4)],
            **{"i": i, "c": rng.randrange(3, 15), "t": rng.randrange(20, 50), "q": rng.randrange(50, 96)},
            **{"v": rng.randrange(1, 7), "b": rng.choice((256, 512, 768, 1024))},
        )
        side = {"mixed": rng.choice(("real", "fake")), "apart": ("real", "fake")[i % 2], "fakes": "fake"}[sharing]
        names.append(f"{side}/{one}.png")
        shown.add(words[i % 40])
    reals = [f"real/{i:05d}.png" for i in range(160)] if sharing == "fakes" else []
    found = grouping(tmp_path, *reals, *names)
    assert "target and donor" not in found.text
    if name == "one word":
        assert {picture.group for picture in found.pictures} - {""} <= shown
    else:
        assert found.text == "no groups in names or sub-folders"


@pytest.mark.parametrize("end", ["", ".jpg.chip"])
def test_an_age_before_a_time_is_in_doubt(end: str, tmp_path: Path) -> None:
    """In the names of UTKFace: age, gender, race, date and time."""
    rng = random.Random(5)
    times = [f"201701{rng.randrange(1, 31):02d}{rng.randrange(10**9):09d}" for _ in range(600)]
    names = [f"{min(90, abs(int(rng.gauss(30, 18))) + 1)}_{rng.randrange(2)}_{rng.randrange(5)}_{time}{end}" for time in times]
    found = grouping(tmp_path, *(f"{('real', 'fake')[i % 2]}/{name}.jpg" for i, name in enumerate(names)))
    assert "two readings" in found.doubt
    assert "--group-by mine=none" in found.doubt


def test_a_doubt_about_one_class_shows_a_picture_of_it_with_its_own_group(tmp_path: Path) -> None:
    reals = [f"real/{i:05d}.png" for i in range(100)]
    fakes = [f"fake/{c:03d}_{f:02d}.png" for c in range(30) for f in range(10)]
    doubt = grouping(tmp_path, *reals, *fakes).doubt
    assert "(000_00.png is in the group '000':" in doubt


def test_a_doubt_about_the_persons_of_one_class_is_told(tmp_path: Path) -> None:
    """The fakes have one part more, so that the classes are read apart."""
    names = [f"{1001 + p}_{'abcdefghijkl'[s] * 3}_{'xy'[t]}" for p in range(12) for s in range(12) for t in range(2)]
    reals = [f"real/{name}_{f:03d}.png" for name in names for f in range(2)]
    doubt = grouping(tmp_path, *reals, *(f"fake/{name}_q_{f:03d}.png" for name in names for f in range(2))).doubt
    assert "12 groups by" in doubt


def test_a_list_in_the_folder_is_used_unless_groups_are_given(tmp_path: Path) -> None:
    names = both("a.png", "b.png", "c.png")
    lines = [f"{name},{'x' if 'c' in name else 'y'},{name[0]}" for name in names]
    (tmp_path / "groups.csv").write_text("path,group,video\n" + "\n".join(lines))
    listed = grouping(tmp_path, *names)
    assert listed.text == "2 groups by groups.csv"
    item = listed.pictures[0].item()
    assert (item.unit, item.group, item.video) == ("y", "y", "r")
    given = grouping(tmp_path, *names, groups="none")
    assert (given.text, given.notes) == ("no groups", ("groups.csv is not used, as the groups are given otherwise",))


def test_a_list_elsewhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    path = tmp_path / "people.csv"
    path.write_text("path,target,donor\nreal/a.png,p,\nfake/b.png,p,q\n")
    listed = grouping(tmp_path / "mine", "real/a.png", "fake/b.png", groups=str(path))
    assert listed.text == "1 groups by people.csv"
    assert [(p.item().target, p.item().donor) for p in listed.pictures] == [("p", ""), ("p", "q")]
    with pytest.raises(DataError, match="1 of 2 pictures have no line: real/z.png"):
        grouping(tmp_path / "mine", "real/a.png", "real/z.png", groups=str(written_one(path)))


def written_one(path: Path) -> Path:
    path.write_text("path,group\nreal/a.png,p\n")
    return path


def test_targets_and_donors_are_items_of_identities(tmp_path: Path) -> None:
    reals = [f"real/{i:03d}_{f:02d}.png" for i in range(20) for f in range(3)]
    fakes = [f"fake/swap/{i:03d}_{i ^ 1:03d}_{f:02d}.png" for i in range(20) for f in range(3)]
    listed = grouping(tmp_path, *reals, *fakes)
    assert listed.text == "20 groups by target and donor"
    item = next(p.item() for p in listed.pictures if "004_005_01" in p.id)
    assert (item.target, item.donor, item.video, item.group) == ("004", "005", "004_005", "004")


def test_pictures_without_a_group_are_counted() -> None:
    pictures = [Picture("a", 0, None, "", "g", "list"), Picture("b", 0, None, "", "g", "list"), Picture("c", 0, None, "")]
    assert groups_text(pictures) == "1 groups by list, 1 pictures in no group"
    assert groups_text(pictures[2:]) == "no groups"


def test_few_persons_and_swaps_that_may_be_persons_are_pointed_out(tmp_path: Path) -> None:
    few = [f"{p}_{e}{i:02d}_{f}.png" for p in ("DC", "JE", "JK", "KL") for e in "ad" for i in range(15) for f in range(3)]
    (note,) = grouping(tmp_path, *both(*few)).notes
    assert "the names may tell 4 persons (DC, JE, JK, KL)" in note
    assert "--groups mine=FILE.csv" in note
    ring = random.Random(1).sample(range(30), 30)
    fakes = [f"fake/{ring[i]:03d}_{ring[i - 1]:03d}.png" for i in range(30)]
    (note,) = grouping(tmp_path, *(f"real/{i:06d}.png" for i in range(30)), *fakes).notes
    assert f"fakes such as {fakes[0].partition('/')[2]} may be persons" in note


def test_groups_of_one_class_alone_are_pointed_out(tmp_path: Path) -> None:
    fakes = [f"fake/clip{c}/{f}.png" for c in range(9) for f in range(5)]
    reals = [f"real/{i:05d}.png" for i in range(45)]
    assert grouping(tmp_path, *reals, *fakes).notes == (
        "only the fake pictures are in groups; if these are none: --group-by mine=none",
    )
    assert grouping(tmp_path, *both(*(f"clip{c}/{f}.png" for c in range(9) for f in range(5)))).notes == ()
    assert grouping(tmp_path, *fakes).notes == ()


def test_sub_folders_in_each_other_are_groups_of_the_outermost_level_that_has_enough(tmp_path: Path) -> None:
    def n_groups(persons: int, *sides: str) -> int:
        names = [f"{s}/p{p}/clip{c}/{f}.png" for s in sides for p in range(persons) for c in range(4) for f in range(3)]
        return len({picture.group for picture in grouping(tmp_path, *names).pictures})

    assert n_groups(12, "real", "fake") == 12
    assert n_groups(3, "real", "fake") == 12  # by clip, as three persons cannot be split


def test_folders_of_methods_are_no_groups(tmp_path: Path) -> None:
    reals = [f"real/{c:03d}/{f:04d}.png" for c in range(20) for f in range(3)]
    fakes = [f"fake/{m}/{c:03d}/{f:04d}.png" for m in ("swap", "mask") for c in range(20) for f in range(3)]
    assert grouping(tmp_path, *reals, *fakes).text == "20 groups by sub-folder"


@pytest.mark.parametrize(("one", "other"), [("Anna", "anna"), ("clip7", "clip07"), ("Jos\u00e9", "Jose\u0301")])
def test_spellings_of_one_name_are_one_group(one: str, other: str, tmp_path: Path) -> None:
    names = [f"real/{one}_{f:02d}.png" for f in range(5)] + [f"fake/{other}_{f:02d}.png" for f in range(5)]
    names += both(*(f"{name}_{f}.png" for name in ("bert", "cora") for f in range(3)))
    assert grouping(tmp_path, *names).text.startswith("3 groups")


def test_what_is_no_pair_among_pairs_is_read_by_its_name(tmp_path: Path) -> None:
    reals = [f"real/id{i}_0000_{f}.png" for i in range(20) for f in range(3)] + [
        f"real/{i:05d}_{f}.png" for i in range(9) for f in range(3)
    ]
    fakes = [f"fake/id{i}_id{i ^ 1}_0000_{f}.png" for i in range(20) for f in range(3)]
    assert grouping(tmp_path, *reals, *fakes).text == "20 groups by target and donor, 9 groups by the scheme of all names"


def n_groups(found: Grouping) -> int:
    assert not found.doubt
    assert all(picture.group for picture in found.pictures)
    return len({picture.group for picture in found.pictures})


def test_words_for_a_class_in_folders_are_no_part_of_a_group(tmp_path: Path) -> None:
    folders = [name for c in range(20) for name in (f"real/{c:04d}", f"fake/{c:04d}_fake")]
    names = [f"{folder}/{f:05d}.png" for folder in folders for f in range(4)]
    assert n_groups(grouping(tmp_path, *names)) == 20


@pytest.mark.parametrize(
    "name",
    [
        "n{p:06d}/{c:04d}_{f:02d}",  # a number and a face of a picture
        "n{p:06d}/frame{c:04d}_{f}",
        "AF{p:02d}/AF{p:02d}AN{c}S{f}",  # the folder and more
        "RealVideo-RealAudio/African/men/id{p:05d}/0010{c}/{f:04d}",
        "kitchen{c}/id{p:05d}/{f:04d}",
    ],
)
def test_folders_of_persons_are_groups_whatever_names_recur_in_them(name: str, tmp_path: Path) -> None:
    names = [f"{name.format(p=p, c=c, f=f)}.png" for p in range(12) for c in range(4) for f in range(3)]
    assert n_groups(grouping(tmp_path, *both(*names))) == 12


def test_a_clip_and_its_fakes_by_many_methods_are_one_group(tmp_path: Path) -> None:
    reals = [f"real/{c:03d}/{f:04d}.png" for c in range(40) for f in range(3)]
    fakes = [f"fake/method{m:02d}x/{c:03d}/{f:04d}.png" for m in range(15) for c in range(0, 40, 2) for f in range(2)]
    assert n_groups(grouping(tmp_path, *reals, *fakes)) == 40


@pytest.mark.parametrize(
    ("real", "fake"),
    [
        ("M{p:03d}_{f:02d}", "{c:03d}_M{p:03d}_{f:02d}"),
        ("M{p:03d}/light/{f:02d}", "end_to_end/{q:03d}_M{p:03d}/{f:02d}"),
        ("{w}7_{f}", "{w}7_to_{v}7_{f}"),
        ("{w}_{f}", "{w}_{v}x{c}_{f}"),
    ],
)
def test_persons_of_the_reals_group_the_fakes_that_mention_them(real: str, fake: str, tmp_path: Path) -> None:
    def named(scheme: str, p: int, c: int, f: int) -> str:
        words = ["".join(chr(97 + (n * k) % 23) for k in (1, 3, 7, 11)) for n in (p, p ^ 1)]
        return scheme.format(p=p, c=c, f=f, q=p * 3 + c, w=words[0], v=words[1])

    reals = [f"real/{named(real, p, 0, f)}.png" for p in range(20) for f in range(4)]
    fakes = [f"fake/{named(fake, p, c, f)}.png" for p in range(20) for c in range(3) for f in range(4)]
    found = grouping(tmp_path, *reals, *fakes)
    assert n_groups(found) == 20
    whose = {picture.id: picture.group for picture in found.pictures}
    for p in range(20):
        assert whose[f"real/{named(real, p, 0, 2)}.png"] == whose[f"fake/{named(fake, p, 1, 2)}.png"]


@pytest.mark.parametrize("copy", ["{} (1)", "{} copy", "Copy of {}", "{} - Copy", "{}_flip", "{}_crop"])
@pytest.mark.parametrize("name", ["IMG_{:04d}", "{:05d}", "{}", "DSC{:05d}", "frame_{:04d}", "id{:03d}_{:03d}"])
def test_a_few_copies_are_one_group_with_their_original_and_change_no_other(copy: str, name: str, tmp_path: Path) -> None:
    originals = [
        f"{('real', 'fake')[i // 4 % 2]}/{name.format(i // 4, i % 4)}" for i in range(0, 240, 1 if name.startswith("id") else 4)
    ]
    pairs = {f"{o.partition('/')[0]}/{copy.format(o.partition('/')[2])}.png": f"{o}.png" for o in originals[::20]}
    before = {p.id: p.group for p in grouping(tmp_path, *(f"{o}.png" for o in originals)).pictures}
    found = grouping(tmp_path, *(f"{o}.png" for o in originals), *pairs)
    assert found.notes == ()
    groups = {p.id: p.group for p in found.pictures}
    assert all(groups[one] == groups[other] != "" for one, other in pairs.items())
    assert {one: key for one, key in groups.items() if one not in {*pairs, *pairs.values()}} == {
        one: key for one, key in before.items() if one not in pairs.values()
    }


def test_pictures_of_one_name_and_two_formats_are_one_group(tmp_path: Path) -> None:
    names = both(*(f"{i:05d}.png" for i in range(40)))
    found = grouping(tmp_path, *names, "real/00007.jpg")
    assert {p.id for p in found.pictures if p.group} == {"real/00007.jpg", "real/00007.png"}


@pytest.mark.parametrize("extra", [(), ("train/real/00007 (1).png",)])
def test_pictures_that_each_given_split_counts_from_one_are_no_copies(tmp_path: Path, extra: tuple[str, ...]) -> None:
    sizes: dict[Split, int] = {"train": 40, "val": 10, "test": 10}
    pictures = [
        Picture(f"{split}/{name}/{i:05d}.png", label, split, f"{split}/{name}")
        for split, n in sizes.items()
        for label, name in enumerate(("real", "fake"))
        for i in range(n)
    ]
    copies = [Picture(name, 0, "train", "train/real") for name in extra]
    found = group_pictures([*pictures, *copies], "auto", tmp_path, "mine")
    assert len(found.pictures) == len(pictures) + len(copies)
    assert {p.id for p in found.pictures if p.group} == {name.replace(" (1)", "") for name in extra} | {*extra}


def test_fakes_called_after_their_real_and_a_method_are_read_by_its_name(tmp_path: Path) -> None:
    """In the names of RAVDESS, of which the last number is the actor, or names are refused."""
    clips = [f"01-01-{s // 8 + 1:02d}-{s // 4 % 2 + 1:02d}-{s // 2 % 2 + 1:02d}-{s % 2 + 1:02d}" for s in range(32)]
    reals = [f"{clip}-{p + 1:02d}" for p in range(24) for clip in clips]
    found = grouping(tmp_path, *(f"real/{name}.png" for name in reals), *(f"fake/{name}_wav2lip.png" for name in reals))
    assert "two readings" in found.doubt


def test_copies_take_the_persons_of_their_original(tmp_path: Path) -> None:
    reals = [f"real/{i:03d}_{f:02d}.png" for i in range(20) for f in range(3)]
    fakes = [f"fake/{i:03d}_{i ^ 1:03d}_{f:02d}.png" for i in range(20) for f in range(3)]
    found = grouping(tmp_path, *reals, *fakes, "fake/004_005_01 copy.png")
    (copy,) = (p for p in found.pictures if "copy" in p.id)
    assert (copy.target, copy.donor, copy.group) == ("004", "005", "004")


PIECES = (
    *("id", "clip", "frame", "f", "face", "real", "fake", "train", "anna", "a", "copy", "Copy", "c23", "raw", "t", "s", "ms"),
    *(
        "0",
        "00",
        "1",
        "12",
        "007",
        "ab12cd34",
        "_",
        "-",
        " ",
        "(",
        ")",
        ".",
        "/",
        "\u00b2",
        "\u0663",
        "\u0130",
        "\u00df",
        "\u00e9",
        "e\u0301",
    ),
)


def test_no_listing_makes_the_search_for_groups_fail(tmp_path: Path) -> None:
    rng = random.Random(5)
    for _ in range(400):
        words = rng.choices(PIECES, k=rng.randrange(1, 7))
        kinds = rng.choices(("word", "clip", "frame", "any"), k=len(words))
        names = []
        for clip in range(rng.choice((2, 12, 40))):
            for frame in range(rng.choice((1, 2, 4))):
                parts = {"clip": f"{clip}", "frame": f"{frame:03d}", "word": ""}
                name = "".join(rng.choice(PIECES) if k == "any" else w + parts[k] for k, w in zip(kinds, words, strict=True))
                names.append(f"{rng.choice(('real', 'fake'))}/{name.strip('/').replace('//', '/') or 'x'}.png")
        found = grouping(tmp_path, *dict.fromkeys(names))
        assert len(found.pictures) == len(set(names))
