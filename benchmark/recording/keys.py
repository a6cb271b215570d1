"""Keys and digests that name cells, studies and their settings."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from ..domains.names import dataset_name
from ..metrics.clips import ClipRule
from ..pictures.file_facts import VERSION
from ..records import Cell, ItemSet
from ..results.cell_document import SCHEMA, SHORT, CellProvenance
from ..store.files import digest
from ..study.study_file import Study

# Keys of a study that digests of pictures stand for, or that change no number.
NOT_SETTINGS = {
    *("detectors", "train", "test", "reals", "perturbations", "description", "needs", "datasets", "controls"),
    *("protocol", "pool", "shots", "dates", "drop_leaks", "allow_lookalikes"),
}
AUDITED = "audited"  # sources of reals; those of cells of an earlier version were not
MOVE_NO_ROW = {"name", "keep_models", "mmd"}  # of the settings


def cell_key(cell: Cell) -> str:
    """
    Return the digest of all that a cell's result depends on: the detector, the data and the settings.

    The way in which its files are audited is among it, sentences for people are not.
    """
    study = _settings(cell.study)
    sets = [[r.train.digest, r.val.digest, [[t.domain, t.digest] for t in r.tests]] for r in cell.replicates]
    if cell.replicates[0].sources:
        sets += [[AUDITED, *([s.domain, s.digest] for s in cell.replicates[0].sources)]]
    provenance = cell_provenance(cell).to_json()
    facts = {name: _without_sentences(some) for name, some in provenance["data"].items()}
    provenance["data"] = {name: some for name, some in facts.items() if some}
    parts = [SCHEMA, VERSION, study, cell.detector.key_parts(), cell.train, sets, cell.attempt, provenance]
    return digest([*parts, cell.not_counted] if cell.not_counted else parts)


def _without_sentences(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a data set without what is said about its look-alikes, which digests of pictures stand for."""
    return {name: fact for name, fact in facts.items() if name != "lookalikes"}


def study_key(cell: Cell) -> str:
    """Return the digest of settings and test pictures of a study, which detectors and training domains can join later."""
    settings = _settings(cell.study)
    first = cell.replicates[0]
    tests = sorted([t.domain, t.provenance.test_list, t.provenance.pictures] for t in (*first.tests, *first.sources))
    return digest([SCHEMA, settings, tests, cell.attempt])


def settings_digest(cell: Cell) -> str:
    """Return a short digest of the settings that move a row, equal for every detector and domain of a study."""
    return digest(_settings(cell.study, MOVE_NO_ROW))[:SHORT]


def variant_digest(cell: Cell) -> str:
    """Return a short digest of the settings and of all pictures that move the row of a cell."""
    sets = [[items.domain, items.split, items.digest] for items in all_sets(cell)]
    return digest([settings_digest(cell), sets, *([cell.not_counted] if cell.not_counted else [])])[:SHORT]


def cell_provenance(cell: Cell) -> CellProvenance:
    """Describe the data of a cell, besides the pictures themselves."""
    first = cell.replicates[0]
    sets = (*first.train.parts, *first.tests)
    splits = {name: joined(digests) for name, digests in split_lists(cell).items()}
    test_splits = {items.domain: items.provenance.test_list for items in first.tests}
    dropped = [{"train": r.train.provenance.n_dropped, "val": r.val.provenance.n_dropped} for r in cell.replicates]
    return CellProvenance(
        splits=splits,
        split_id=digest([_train_splits(cell, splits), test_splits])[:SHORT],
        test_splits=test_splits,
        pictures={items.domain: items.provenance.pictures for items in first.tests},
        dropped_leaks=max(dropped, key=lambda counts: sum(counts.values())),
        data={dataset_name(s.domain): dict(s.provenance.facts) for s in (*sets, *first.sources) if s.provenance.facts},
        lookalikes={s.domain: s.provenance.lookalikes for s in first.tests if s.provenance.lookalikes.n},
        reals={s.domain: s.provenance.lookalikes for s in first.sources},
    )


def split_lists(cell: Cell) -> dict[str, tuple[str, ...]]:
    """Return the digests of the split lists of a cell's domains, one per draw."""
    first = cell.replicates[0]
    digests = {
        part.domain: tuple(r.train.parts[i].provenance.split_list for r in cell.replicates)
        for i, part in enumerate(first.train.parts)
    }
    for i, items in enumerate(first.tests):
        digests[items.domain] = tuple(r.tests[i].provenance.split_list for r in cell.replicates)
    return digests


def _train_splits(cell: Cell, splits: Mapping[str, str]) -> str | list[str]:
    """Return the digest of the split list of the training domain; of a pool, those of its domains."""
    each = [splits[part.domain] for part in cell.replicates[0].train.parts]
    return each[0] if len(each) == 1 else each


def joined(digests: Sequence[str]) -> str:
    """Return one digest for the split lists of several draws: their own if all are equal."""
    return digests[0] if len(set(digests)) == 1 else digest(list(digests))


def numbered_sets(cell: Cell) -> Iterable[tuple[int, ItemSet]]:
    """Yield all item sets of a cell with the numbers of their draws."""
    for r in cell.replicates:
        yield from ((r.number, items) for items in (r.train, r.val, *r.tests, *r.sources))


def all_sets(cell: Cell) -> list[ItemSet]:
    """Return all item sets of a cell, draw by draw."""
    return [items for _, items in numbered_sets(cell)]


def _settings(study: Study, others: Set[str] = frozenset()) -> dict[str, Any]:
    """Return the settings of a study without `NOT_SETTINGS` and some `others`, as digests take them."""
    settings = study.model_dump(mode="json", exclude=NOT_SETTINGS | others)
    if study.clips is ClipRule.MEAN:  # a key that studies did not always have: without it they keep their digests
        del settings["clips"]
    return settings
