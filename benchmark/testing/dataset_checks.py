"""The contract of a data set, one check per promise."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from ..contracts import LABEL_NAMES, SPLITS, Dataset, Item
from ..domains.catalogue import DatasetSpec
from ..domains.guard import check_no_leak
from ..domains.releases import Release
from ..domains.splits import missing_classes
from ..errors import PLUGIN_FAILURES, BenchError, text_of
from ..pictures.crops import decode
from .outcome import CheckResult, outcome, require

N_READ = 12  # pictures per domain that are really read


def _open(spec: DatasetSpec, replicate: int = 0, seed: int = 0) -> Dataset:
    return spec.open(seed, replicate)


def _domains(spec: DatasetSpec) -> Iterator[tuple[str, Dataset, Sequence[Item]]]:
    opened = _open(spec)
    for variant in (*opened.variants(), *opened.further_variants()):
        dataset = _open(spec)
        yield variant, dataset, dataset.items(variant)


def _sample(items: Sequence[Item]) -> list[Item]:
    """A few items, spread over splits and classes."""
    cells = [[i for i in items if (i.split, i.label) == cell] for cell in sorted({(i.split, i.label) for i in items})]
    return [cell[k] for k in range(N_READ) for cell in cells if k < len(cell)][:N_READ]


# --- the checks ------------------------------------------------------------------------------------------------------


def parameters_are_stored(spec: DatasetSpec) -> str:
    """Every parameter becomes an attribute of its name; seed and replicate are among them."""
    dataset = spec.open(3, 2)
    names = dataset.parameter_defaults()
    missing = [name for name in names if not hasattr(dataset, name)]
    require(not missing, f"parameters {', '.join(missing)} are not stored as attributes")
    came = (dataset.seed, dataset.replicate)
    require(came == (3, 2), f"seed and replicate were given as (3, 2) and are {came}")
    return ", ".join(names)


def variants_are_named(spec: DatasetSpec) -> str:
    """At least one domain, no name twice."""
    variants = _open(spec).variants()
    require(len(variants) > 0, "variants() is empty; a data set that is one domain returns ('',)")
    variants += _open(spec).further_variants()
    require(len(set(variants)) == len(variants), f"variants() and further_variants() have a name twice: {variants}")
    return ", ".join(variants) if variants != ("",) else "one domain"


def dates_can_be_read(spec: DatasetSpec) -> str:
    """Release dates, where there are any, are days, months or years."""
    dataset = _open(spec)
    dates = {variant: text for variant in dataset.variants() if (text := dataset.released(variant))}
    for variant, text in dates.items():
        try:
            Release.parse(text)
        except ValueError as error:
            require(False, f"released({variant!r}): {error}")
    return f"{len(dates)} of {len(dataset.variants())} domains have one"


def items_are_well_formed(spec: DatasetSpec) -> str:
    """Items exist, ids are unique, labels are 0 or 1, splits are train, val or test."""
    counts = []
    for variant, _, items in _domains(spec):
        require(len(items) > 0, f"domain '{variant}' has no item")
        twice = [name for name, n in Counter(i.id for i in items).items() if n > 1]
        require(not twice, f"domain '{variant}' has the id '{(twice or [''])[0]}' more than once")
        for item in items:
            require(item.label in (0, 1), f"item '{item.id}' has the label {item.label!r}; real is 0, fake is 1")
            require(item.split in SPLITS, f"item '{item.id}' has the split {item.split!r}; wanted one of {SPLITS}")
        counts.append(len(items))
    return f"{sum(counts)} items"


def splits_have_both_classes(spec: DatasetSpec) -> str:
    """A split that exists has the classes that the data set says it has; one that can be trained on has validation, too."""
    labels: set[int] = set()
    for variant, dataset, items in _domains(spec):
        present = {item.split for item in items}
        splits = present | {"val"} if "train" in present else present
        # A collection of reals may have been given fakes.
        labels = {LABEL_NAMES.index(name) for name in _classes(dataset)} | {item.label for item in items}
        missing = missing_classes(items, [split for split in SPLITS if split in splits], sorted(labels))
        require(not missing, f"domain '{variant}': {missing}")
    return "" if len(labels) == len(LABEL_NAMES) else "reals only: a domain once fakes are given"


def _classes(dataset: Dataset) -> tuple[str, ...]:
    allowed = (LABEL_NAMES, LABEL_NAMES[:1])
    require(dataset.classes in allowed, f"classes is {dataset.classes!r}; wanted one of {allowed}")
    return dataset.classes


def listing_is_repeatable(spec: DatasetSpec) -> None:
    """Two instances list the same items in the same order."""
    for variant, _, items in _domains(spec):
        require(list(_open(spec).items(variant)) == list(items), f"domain '{variant}': a second instance lists other items")


def splits_share_no_identity(spec: DatasetSpec) -> str:
    """No clip, shown identity or donor is on two sides."""
    for variant, _, items in _domains(spec):
        for first, second in combinations(SPLITS, 2):
            sides = ([i for i in items if i.split == split] for split in (first, second))
            try:
                check_no_leak(f"{first} and {second} of '{variant}'", *sides, way_out="Keep such items on one side.")
            except BenchError as error:
                require(False, str(error))
    groups = {item.group for _, _, items in _domains(spec) for item in items}
    return f"{len(groups)} groups"


def held_out_items_stay(spec: DatasetSpec) -> None:
    """The test items depend on the seed alone, so that no replicate's validation has seen another's test."""
    for variant in _open(spec).variants():
        first, second = ([i for i in _open(spec, r).items(variant) if i.split == "test"] for r in (0, 1))
        require(first == second, f"domain '{variant}': replicate 1 has other test items than replicate 0")


def pictures_can_be_read(spec: DatasetSpec) -> str:
    """`read` returns the bytes of a picture, the same ones whenever and in whatever order it is asked."""
    sizes = Counter()
    for _, dataset, items in _domains(spec):
        sample = _sample(items)
        first = [dataset.read(item) for item in sample]
        for item, data in zip(sample, first, strict=True):
            require(isinstance(data, bytes), f"read('{item.id}') returned {type(data).__name__}, wanted bytes")
            sizes["x".join(map(str, decode(data).shape[::-1]))] += 1
        again = [_open(spec).read(item) for item in reversed(sample)][::-1]
        changed = next((i.id for i, a, b in zip(sample, first, again, strict=True) if a != b), "")
        require(not changed, f"read('{changed}') returned other bytes the second time")
    return "sizes: " + ", ".join(f"{size} ({n})" for size, n in sizes.most_common(4))


def fingerprints_tell_pictures_apart(spec: DatasetSpec) -> str:
    """Either all items have fingerprints or none has, and no two items share one."""
    seen = False
    for variant, _, items in _domains(spec):
        fingerprints = [item.fingerprint for item in items if item.fingerprint]
        require(
            len(fingerprints) in (0, len(items)),
            f"domain '{variant}': only {len(fingerprints)} of {len(items)} have a fingerprint",
        )
        require(len(set(fingerprints)) == len(fingerprints), f"domain '{variant}': two items share a fingerprint")
        seen = seen or bool(fingerprints)
    return "given by the data set" if seen else "files are hashed"


def unknown_items_are_refused(spec: DatasetSpec) -> None:
    """Reading an item that does not exist raises a BenchError or OSError; one that exists is read."""
    for _, dataset, items in _domains(spec):
        for item in items[:1]:
            _require_read(dataset, item)
    try:
        _open(spec).read(Item("no such item", 0, "test"))
    except (BenchError, OSError):
        return
    require(False, "read of an unknown item returned something; wanted a BenchError or OSError")


def _require_read(dataset: Dataset, item: Item) -> None:
    """Require that an item is read: the refusals of a data set that cannot read at all show nothing."""
    try:
        dataset.read(item)
    except PLUGIN_FAILURES as error:
        reason = f"{type(error).__name__}: {text_of(error)}"
        require(False, f"item '{item.id}' is to be read, and is refused like an unknown one ({reason}); correct read first")


DATASET_CHECKS: dict[str, Callable[[DatasetSpec], str | None]] = {
    check.__name__: check
    for check in (
        parameters_are_stored,
        variants_are_named,
        dates_can_be_read,
        items_are_well_formed,
        splits_have_both_classes,
        listing_is_repeatable,
        splits_share_no_identity,
        held_out_items_stay,
        pictures_can_be_read,
        fingerprints_tell_pictures_apart,
        unknown_items_are_refused,
    )
}


def run_dataset_check(name: str, spec: DatasetSpec) -> CheckResult:
    """Run one check by name."""
    return outcome(name, DATASET_CHECKS[name], spec)


def check_dataset(spec: DatasetSpec) -> list[CheckResult]:
    """Run all checks; a failure of one does not keep the others from running."""
    return [run_dataset_check(name, spec) for name in DATASET_CHECKS]
