"""Bedrooms of five GANs and five diffusion models, against those of LSUN."""

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from ..benchmark.contracts import FAKE, REAL, SPLITS, Shown, Split
from ..benchmark.errors import DataError
from .copies.reals import class_folder, format_notes, format_of_name, iter_pictures, of_class, plain_name
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import ARCHIVE, Tree, child_key, class_of_folder, suffix_of

GANS = ("ProGAN", "StyleGAN", "ProjectedGAN", "Diff-StyleGAN2", "Diff-ProjectedGAN")
DIFFUSION_MODELS = ("DDPM", "IDDPM", "ADM", "PNDM", "LDM")
GENERATORS = (*GANS, *DIFFUSION_MODELS)
CLASS_DEPTH = 2  # folders between a generator and its class folders, at most, for the layout to be recognised


class Diffusion(SourceDataset):
    """
    LSUN bedrooms and their fakes, 256x256 pixels, under the splits in which they are distributed.

    Every generator is a domain. All share the real test pictures; training and validation have reals of their own for
    each generator, which are not distributed but cut out of LSUN by a program of the authors. Class folders below a
    generator count at any depth.
    """

    name = "diffusion"
    source = "Ricker et al., VISAPP 2024, arXiv:2210.14571"
    licence = "as stated with the archive; the reals are LSUN's"
    obtain = "https://zenodo.org/record/7528113; reals: https://github.com/jonasricker/diffusion-model-deepfake-detection"
    layout = "test/Real/*.png, test/ADM/*.png, ...; train/ADM/{0_real,1_fake}/*.png, val/ADM/{0_real,1_fake}/*.png"
    what = "the bedrooms of GANs and diffusion models (test/Real/, test/ADM/, train/ADM/0_real/, train/ADM/1_fake/)"
    shown = Shown.WHOLE
    dates: ClassVar[Mapping[str, str]] = {  # of the first version of the paper on arXiv
        "ProGAN": "2017-10",
        "StyleGAN": "2018-12",
        "DDPM": "2020-06",
        "IDDPM": "2021-02",
        "ADM": "2021-05",
        "ProjectedGAN": "2021-11",
        "LDM": "2021-12",
        "PNDM": "2022-02",
        "Diff-StyleGAN2": "2022-06",
        "Diff-ProjectedGAN": "2022-06",
    }

    def survey(self, tree: Tree) -> Survey:
        base = tree.find_base(lambda place: begins_in(tree, place), self.what)
        tests = dict(named_folders(tree, split_folder(tree, base, "test")))
        real_tests = tests.pop("", None)
        pairs: dict[Split, dict[str, str]] = {
            split: class_folders(tree, split_folder(tree, base, split)) for split in ("train", "val")
        }
        generators = sorted({*tests, *pairs["train"], *pairs["val"]})
        if not generators:
            raise DataError(f"{self.name}: {tree.root} holds only reals; wanted {self.what}.")
        sources = list(list_stills(stills(tree, real_tests, REAL), REAL, tuple(generators), "test"))
        for generator in generators:
            folder = tests.get(generator)
            sources += list_stills(stills(tree, folder, FAKE), FAKE, (generator,), "test")
            if real_tests is None:  # then reals of the generator's own are those that its fakes are tested against
                sources += list_stills(classified_stills(tree, folder, REAL), REAL, (generator,), "test")
            for split, by_generator in pairs.items():
                for label in (REAL, FAKE):
                    pictures = classified_stills(tree, by_generator.get(generator), label)
                    sources += list_stills(pictures, label, (generator,), split)
        notes = format_notes(sources, lambda source: format_of_name(source.id))
        return Survey(tuple(sources), tuple(gaps(sources)), (), notes)


def split_folder(tree: Tree, place: str, split: str) -> str | None:
    """Find the folder or archive of a split; None if it is not there."""
    folder = tree.folder(place, split, f"{split}{ARCHIVE}")
    if folder is None and split == "val":
        folder = tree.folder(place, "valid", "validation", f"valid{ARCHIVE}")
    # An archive, or the folder that one was unpacked to, often holds one folder of its own name.
    inner = folder and tree.folder(folder, split)
    return inner or folder


def begins_in(tree: Tree, place: str) -> bool:
    """Return whether a folder holds the splits, with generators in them."""
    tests = dict(named_folders(tree, split_folder(tree, place, "test")))
    generators = {child_key(name) for name in GENERATORS}
    trains = (class_folders(tree, split_folder(tree, place, split)) for split in ("train", "val"))
    return "" in tests or any(child_key(name) in generators for name in tests) or any(trains)


def named_folders(tree: Tree, place: str | None) -> Iterator[tuple[str, str]]:
    """Yield generators in a folder with their folders; the name of the reals is empty. A folder comes before its archive."""
    seen: set[str] = set()
    folders = [] if place is None else tree.folders(place)
    for folder in sorted(folders, key=lambda folder: suffix_of(folder) == ARCHIVE):
        name = folder.rpartition("/")[2]
        name = generator_name(plain_name(name))
        if name in seen:
            tree.report(folder, "duplicate", f"is {name or 'Real'} again, beside its folder, which is used.")
        elif "+" in name:
            tree.report(folder, "unknown", "has a '+' in its name, which no generator can have; rename it.")
        else:
            seen.add(name)
            yield name, folder


def generator_name(folder: str) -> str:
    """
    Return the generator that a folder is named after, spelled as in the paper where it is one of that; empty for reals.

    >>> generator_name("diff-stylegan2"), generator_name("Real"), generator_name("StyleGAN3")
    ('Diff-StyleGAN2', '', 'StyleGAN3')
    """
    if class_of_folder(folder) == REAL:
        return ""
    return {child_key(name): name for name in GENERATORS}.get(child_key(folder), folder)


def class_folders(tree: Tree, place: str | None) -> dict[str, str]:
    """Find the folders of the generators that have class folders."""
    return {name: folder for name, folder in named_folders(tree, place) if name and has_classes(tree, folder, CLASS_DEPTH)}


def has_classes(tree: Tree, place: str, depth: int) -> bool:
    """Return whether a folder has class folders, at most `depth` levels further down."""
    folders = tree.folders(place)
    if any(class_of_folder(plain_name(folder.rpartition("/")[2])) is not None for folder in folders):
        return True
    return depth > 0 and any(has_classes(tree, folder, depth - 1) for folder in folders)


def stills(tree: Tree, folder: str | None, label: int) -> Iterator[str]:
    """Yield the pictures of a folder of one class, if it is there; report those in folders of the other class."""
    if folder is not None:
        yield from of_class(tree, list(iter_pictures(tree, folder)), label, lambda _: folder)


def classified_stills(tree: Tree, folder: str | None, label: int) -> Iterator[str]:
    """Yield the pictures below a generator's folder, if it is there, whose class folders are all of one class."""
    if folder is not None:
        for path in iter_pictures(tree, folder):
            if class_folder(path, label, folder) and not class_folder(path, 1 - label, folder):
                yield path


def list_stills(paths: Iterable[str], label: int, domains: tuple[str, ...], split: Split) -> Iterator[Source]:
    """Make sources of pictures."""
    for path in paths:
        yield Source(path, "still", label, domains, split, generator=domains[0] if label == FAKE else "")


def gaps(sources: list[Source]) -> Iterator[str]:
    """List the splits, generators and reals that the copy lacks; training reals have to be cut out of LSUN."""
    present = {(source.split, source.label, domain) for source in sources for domain in source.domains}
    seen = sorted({domain for _, _, domain in present})
    for split in SPLITS:
        if not any(present_split == split for present_split, _, _ in present):
            yield f"{split}/"
            continue
        generators = [*GENERATORS, *(name for name in seen if name not in GENERATORS)]
        fakes = [name for name in generators if (split, FAKE, name) not in present]
        if fakes:
            yield f"{split}/: fakes of {', '.join(fakes)}"
        reals = [name for name in seen if (split, FAKE, name) in present and (split, REAL, name) not in present]
        if reals and split == "test":
            yield "test/Real/"
        elif reals:
            yield f"{split}/: 0_real of {', '.join(reals)} (cut them out of LSUN with the authors' program)"
