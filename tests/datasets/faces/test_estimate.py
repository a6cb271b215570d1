"""The estimate of a preparation: the sample, the extrapolation per class and domain, and the sum over all sources."""

import errno
from pathlib import Path
from typing import Any

import pytest

from bandbench.datasets.copies.prepared import Crop, SourceRecord
from bandbench.datasets.copies.survey import Source
from bandbench.datasets.faces.estimate import AT_MOST, PER_GROUP, choose_samples, estimate

CROP = Crop("000000.png", 0, 0.0, (0, 0, 8, 8), 0.5, (), "", 8, 8)


def source(name: str, label: int = 0, *domains: str) -> Source:
    return Source(name, "clip", label, domains or ("a",))


class Cropper:
    """Stands for a `FaceCropper`: writes crops of 100 bytes, as many as the last letter of an id says."""

    def __init__(self, fresh: bool = True, broken: str = "") -> None:
        self.fresh = fresh
        self.broken = broken
        self.cut_ids: list[str] = []

    def cut(self, source: Source, folder: Path) -> SourceRecord:
        self.cut_ids.append(source.id)
        if source.id == self.broken:
            raise OSError(errno.EIO, "broken")
        n = int(source.id[-1])
        for k in range(n):
            (folder / f"{k}.png").write_bytes(b"x" * 100)
        return SourceRecord(source.id, "ok", crops=(CROP,) * n)

    def is_fresh(self, record: SourceRecord, source: Source, preparation: object) -> bool:
        return self.fresh


class Earlier:
    """Stands for a `Preparation` with records."""

    def __init__(self, *records: SourceRecord) -> None:
        self.records = {record.id: record for record in records}

    def record(self, source_id: str) -> SourceRecord | None:
        return self.records.get(source_id)


def estimates(sources: list[Source], earlier: Any = None, retry: bool = False, cropper: Any = None) -> list[Any]:
    return estimate(cropper or Cropper(), sources, earlier, retry, lambda: None)


def test_a_sample_has_sources_of_each_class_in_each_domain() -> None:
    sources = [source(f"{domain}{label}{k}", label, domain) for domain in "abc" for label in (0, 1) for k in range(9)]
    sample = choose_samples(sources)
    groups = [(s.domains, s.label) for s in sample]
    assert {groups.count(group) for group in groups} == {PER_GROUP} and len(set(groups)) == 6
    assert sample == choose_samples(sources), "the same one in every run"
    assert sample != sorted(sample, key=lambda s: s.id), "and drawn at random"


def test_a_sample_of_many_domains_is_bounded() -> None:
    sources = [source(f"{k}/{i}", 0, str(k)) for k in range(12) for i in range(5)]
    assert len(choose_samples(sources)) == 24 <= AT_MOST
    many = [source(f"{k}/{i}", 0, str(k)) for k in range(40) for i in range(5)]
    assert len(choose_samples(many)) == 40, "at least one of each"
    assert choose_samples([]) == []


def test_the_mean_of_the_sample_is_multiplied_by_the_sources() -> None:
    reals = [source(f"r{k}-2") for k in range(10)]
    fakes = [source(f"f{k}-4", 1) for k in range(5)]
    real, fake, total = estimates(reals + fakes)
    assert (real.domain, real.label, real.sources, real.known, real.sampled) == ("a", 0, 10, 0, 3)
    assert (real.crops, real.bytes) == (20, 2000) and (fake.crops, fake.bytes) == (20, 2000)
    assert (total.label, total.sources, total.sampled, total.crops, total.bytes) == (-1, 15, 6, 40, 4000)
    assert total.seconds == pytest.approx(real.seconds + fake.seconds) and real.seconds > 0


def test_a_source_of_two_domains_counts_once_in_the_total() -> None:
    both = [source(f"r{k}-2", 0, "a", "b") for k in range(4)]
    *groups, total = estimates(both)
    assert [(e.domain, e.crops) for e in groups] == [("a", 8), ("b", 8)]
    assert total.crops == 8


def test_sources_of_earlier_runs_are_not_done_again() -> None:
    sources = [source("r0-1"), source("r1-1"), source("r2-1")]
    earlier = Earlier(SourceRecord("r0-1", "ok"), SourceRecord("r1-1", "no_face"))
    cropper = Cropper()
    real, _ = estimates(sources, earlier, cropper=cropper)
    assert (real.known, real.crops, cropper.cut_ids) == (2, 1, ["r2-1"])
    real, _ = estimates(sources, earlier, retry=True)
    assert (real.known, real.crops) == (1, 2), "a source without crops is tried again on demand"
    real, _ = estimates(sources, earlier, cropper=Cropper(fresh=False))
    assert (real.known, real.crops) == (0, 3), "a changed file is cut again"
    done, total = estimates(sources[:1], earlier)
    assert (done.crops, done.sampled, total.crops) == (0, 0, 0)


def test_a_source_that_cannot_be_read_gives_nothing() -> None:
    real, _ = estimates([source("r0-4"), source("r1-4")], cropper=Cropper(broken="r0-4"))
    assert (real.crops, real.sampled) == (4, 2), "the mean of 0 and 4, twice"


def test_progress_advances_with_every_source_of_the_sample() -> None:
    steps: list[int] = []
    estimate(Cropper(), [source(f"r{k}-1") for k in range(9)], None, False, lambda: steps.append(1))  # type: ignore[arg-type]
    assert len(steps) == PER_GROUP
