"""Numbers per clip of a row: which domains have them, whose thresholds they take, and means over domains."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from bandbench.benchmark.metrics.clips import ClipRule, clip_scores, clip_threshold
from bandbench.benchmark.metrics.detection import balanced_accuracy, best_threshold
from bandbench.benchmark.metrics.intervals import Intervals
from bandbench.benchmark.metrics.roc import Scored, roc_auc
from bandbench.benchmark.recording.keys import settings_digest
from bandbench.benchmark.records import Cell
from bandbench.benchmark.results.clips import RowClips, row_clips
from bandbench.benchmark.results.rows import TestResult
from bandbench.benchmark.results.scores import DomainScores
from bandbench.benchmark.store.files import dump_json
from conftest import small_study


def domain_scores(name: str, seed: int, split: str = "test", in_clips: bool = True) -> DomainScores:
    """24 clips of 4 frames, half of them real; scores depend on the clip and on the frame."""
    rng, n_clips, n_frames = np.random.default_rng(seed), 24, 4
    clip = np.repeat(np.arange(n_clips), n_frames)
    labels = clip % 2
    scores = rng.normal(size=n_clips)[clip] + rng.normal(size=len(clip)) + 1.2 * labels
    groups = np.array([f"{name}:{number:02d}" for number in clip])
    items = np.arange(len(clip)).astype(str)
    return DomainScores(name, split, Scored(labels, scores, groups), len(clip), items, groups if in_clips else None)


def entry_of(clips: RowClips, domain: str) -> dict[str, Any]:
    """Part of the JSON form of a test result that is about clips."""
    plain = TestResult(domain, 0.5, 0.4, 0.6, 96, 1.0, metrics={"eer": 0.5})
    return {k: v for k, v in clips.added_to(plain).to_json().items() if k not in plain.to_json()}


def clips_of(tests: list[DomainScores], val: DomainScores | None, rule: ClipRule = ClipRule.MEAN) -> RowClips:
    intervals = Intervals([test.scored for test in tests], 200)
    return row_clips(rule, [val], {test.domain: [test] for test in tests}, intervals)


VAL = domain_scores("a", 1, "val")
HOME, ABROAD, FAR = domain_scores("a", 2), domain_scores("b", 3), domain_scores("c", 4)
PICTURES = domain_scores("pictures", 5, in_clips=False)


def test_thresholds_come_from_validation_alone() -> None:
    of_frames = best_threshold(VAL.scored.labels, VAL.scored.scores)
    for rule in ClipRule:
        threshold = clip_threshold(VAL.frames, rule, of_frames)
        clips = clip_scores(HOME.frames, rule, of_frames)
        entry = entry_of(clips_of([HOME], VAL, rule), "a")
        assert entry["clips"] == rule
        assert entry["clip_balanced_accuracy"] == balanced_accuracy(clips.labels, clips.scores, threshold)
        assert entry["clip_auc"] == roc_auc(clips.labels, clips.scores)


def test_a_domain_of_pictures_has_no_numbers_per_clip() -> None:
    clips = clips_of([HOME, PICTURES], VAL)
    assert entry_of(clips, "pictures") == {}
    assert entry_of(clips, "a")["n_clips"] == 24
    assert clips_of([PICTURES], VAL).headline(["pictures"], []) == {}


def test_validation_pictures_without_clips_are_clips_of_their_own() -> None:
    pictures = domain_scores("a", 1, "val", in_clips=False)
    of_frames = best_threshold(pictures.scored.labels, pictures.scored.scores)
    means = clip_scores(HOME.frames, ClipRule.MEAN, of_frames)
    entry = entry_of(clips_of([HOME], pictures), "a")
    assert entry["clip_balanced_accuracy"] == balanced_accuracy(means.labels, means.scores, of_frames)


def test_without_validation_there_is_an_auc_and_no_threshold() -> None:
    entry = entry_of(clips_of([HOME], None), "a")
    assert entry["clip_auc"] == entry_of(clips_of([HOME], VAL), "a")["clip_auc"]
    assert math.isnan(entry["clip_balanced_accuracy"])
    votes = entry_of(clips_of([HOME], None, ClipRule.VOTE), "a")
    assert math.isnan(votes["clip_auc"])  # nobody knows which frames vote for fake


def test_means_over_other_domains() -> None:
    clips = clips_of([HOME, ABROAD, FAR], VAL)
    headline = clips.headline(["a"], ["b", "c"])
    each = {name: entry_of(clips, name) for name in "abc"}
    assert headline["in_domain_clip_auc"] == each["a"]["clip_auc"]
    assert headline["in_domain_clip_auc_lo"] == each["a"]["clip_auc_lo"]
    assert headline["cross_domain_clip_auc"] == pytest.approx((each["b"]["clip_auc"] + each["c"]["clip_auc"]) / 2)
    width = headline["cross_domain_clip_auc_hi"] - headline["cross_domain_clip_auc_lo"]
    assert 0 < width < max(each[name]["clip_auc_hi"] - each[name]["clip_auc_lo"] for name in "bc")


def test_a_pool_is_at_home_on_all_of_its_domains() -> None:
    clips = clips_of([HOME, ABROAD, FAR], VAL)
    each = {name: entry_of(clips, name)["clip_auc"] for name in "abc"}
    assert clips.headline(["a", "b"], ["c"])["in_domain_clip_auc"] == pytest.approx((each["a"] + each["b"]) / 2)
    without = clips_of([HOME, PICTURES, FAR], VAL).headline(["a", "pictures"], ["c"])
    assert set(without) == {f"cross_domain_clip_auc{end}" for end in ("", "_lo", "_hi")}


def test_a_mean_over_a_domain_without_clips_is_not_known() -> None:
    assert set(clips_of([HOME, ABROAD, PICTURES], VAL).headline(["a"], ["b", "pictures"])) == {
        f"in_domain_clip_auc{end}" for end in ("", "_lo", "_hi")
    }


def test_clips_of_two_labels_are_told_and_cost_nothing_else() -> None:
    labels = ABROAD.scored.labels.copy()
    labels[0] = 1 - labels[0]
    mixed = replace(ABROAD, domain="b", scored=replace(ABROAD.scored, labels=labels))
    clips = clips_of([HOME, mixed], VAL)
    assert entry_of(clips, "b") == {
        "clip_problem": "the frames of clip b:00 have more than one label: 0 and 1; a clip has one."
    }
    assert entry_of(clips, "a")["clip_auc"] == entry_of(clips_of([HOME], VAL), "a")["clip_auc"]
    assert set(clips.headline(["a"], ["b"])) == {f"in_domain_clip_auc{end}" for end in ("", "_lo", "_hi")}
    spoilt = DomainScores("a", "val", Scored(1 - labels, VAL.scored.scores, VAL.scored.groups), 96, VAL.items, VAL.clips)
    assert str(entry_of(clips_of([HOME], spoilt), "a")["clip_problem"]).startswith("validation: the frames of clip a:00")


def test_a_test_result_of_clips_is_read_as_it_was_written() -> None:
    written = clips_of([HOME], VAL).added_to(TestResult("a", 0.5, 0.4, 0.6, 96, 1.0, metrics={"eer": 0.5}))
    again = TestResult.from_json(json.loads(dump_json(written.to_json())))
    assert repr(again) == repr(written)
    assert (again.clips, again.value("n_clips")) == ("mean", 24)
    assert math.isnan(again.value("clip_pd1"))


def test_studies_without_the_key_keep_their_digest() -> None:
    digests = {rule: settings_digest(cast(Cell, SimpleNamespace(study=small_study(clips=rule)))) for rule in ClipRule}
    assert digests[ClipRule.MEAN] == "f3af2436"  # as before there was such a key
    assert len(set(digests.values())) == 3
