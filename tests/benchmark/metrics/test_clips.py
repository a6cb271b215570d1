"""Laws of clip scores, and the trap that a folder's name alone names no clip."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.metrics.clips import (
    MAJORITY,
    RATES,
    ClipMetrics,
    ClipRule,
    Frames,
    clip_metrics,
    clip_scores,
    clip_threshold,
)
from bandbench.benchmark.metrics.detection import Verdicts, balanced_accuracy, best_threshold, detection_rate_at
from bandbench.benchmark.metrics.intervals import Intervals, auc_interval
from bandbench.benchmark.metrics.roc import Scored, roc_auc
from bandbench.benchmark.metrics.weighted import weighted_balanced_accuracy, weighted_detection_rates
from bandbench.benchmark.results.columns import measured
from bandbench.benchmark.results.scores import (
    OK,
    DomainScores,
    ItemStatus,
    Status,
    clip_names,
    item_table,
    read_scores,
    with_scores,
    write_table,
)

RNG = np.random.default_rng(0)


def frames_of(clips: dict[str, tuple[int, list[float]]], groups: dict[str, str] | None = None) -> Frames:
    """Frames of clips by name, each with a label and the scores of its frames."""
    names = np.repeat(list(clips), [len(scores) for _, scores in clips.values()])
    labels = np.array([clips[name][0] for name in names])
    scores = np.concatenate([scores for _, scores in clips.values()])
    return Frames(Scored(labels, scores, np.array([(groups or {}).get(name, name) for name in names])), names)


def drawn_frames(n_people: int, n_frames: int = 6, seed: int = 0, separation: float = 1.0) -> Frames:
    """Each person has a real and a fake clip; scores depend on the person, the clip and the frame."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), 2 * n_frames)
    labels = np.tile(np.repeat([0, 1], n_frames), n_people)
    clip = 2 * person + labels
    scores = rng.normal(size=n_people)[person] + rng.normal(size=2 * n_people)[clip] + rng.normal(size=len(clip))
    names = np.array([f"clip{number:04d}" for number in clip])
    return Frames(Scored(labels, scores + 2 * separation * labels, np.array([f"p{n:03d}" for n in person])), names)


def metrics_of(frames: Frames, rule: ClipRule, validation: Frames | None = None) -> ClipMetrics:
    validation = frames if validation is None else validation
    threshold = best_threshold(validation.scored.labels, validation.scored.scores)
    intervals = Intervals([frames.scored], 300)
    return clip_metrics([frames], rule, [threshold], [clip_threshold(validation, rule, threshold)], intervals)


# --- pooling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (ClipRule.MEAN, [2.5, 2.0, -1.0]),
        (ClipRule.VOTE, [0.5, 2 / 3, 0.0]),  # a frame at the threshold is called fake
        (ClipRule.TOP_THIRD, [4.5, 3.0, -1.0]),  # 2 of 4, 1 of 3, 1 of 1
    ],
)
def test_clip_scores_by_hand(rule: ClipRule, wanted: list[float]) -> None:
    frames = frames_of({"a": (1, [0.0, 4.0, 1.0, 5.0]), "b": (0, [2.0, 1.0, 3.0]), "c": (0, [-1.0])})
    clips = clip_scores(frames, rule, threshold=2.0)
    np.testing.assert_allclose(clips.scores, wanted)
    assert clips.labels.tolist() == [1, 0, 0]
    assert clips.groups.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("rule", ClipRule)
def test_order_of_frames_does_not_matter(rule: ClipRule) -> None:
    frames = drawn_frames(8)
    order = RNG.permutation(len(frames.clips))
    one = frames.scored
    other = clip_scores(Frames(Scored(one.labels[order], one.scores[order], one.groups[order]), frames.clips[order]), rule, 0.5)
    first = clip_scores(frames, rule, 0.5)
    assert np.array_equal(other.scores, first.scores)
    assert np.array_equal(other.labels, first.labels)
    assert np.array_equal(other.groups, first.groups)


@pytest.mark.parametrize("rule", [ClipRule.MEAN, ClipRule.TOP_THIRD])
def test_shifting_all_frames_shifts_the_clips(rule: ClipRule) -> None:
    frames = drawn_frames(5)
    moved = Frames(Scored(frames.scored.labels, frames.scored.scores + 3, frames.scored.groups), frames.clips)
    np.testing.assert_allclose(clip_scores(moved, rule, math.nan).scores, clip_scores(frames, rule, math.nan).scores + 3)


def test_the_highest_third_lies_above_the_mean() -> None:
    frames = drawn_frames(5)
    assert (clip_scores(frames, ClipRule.TOP_THIRD, 0).scores > clip_scores(frames, ClipRule.MEAN, 0).scores).all()


@pytest.mark.parametrize("what", ["label", "group"])
def test_a_clip_of_two_labels_or_groups_is_refused(what: str) -> None:
    labels, groups = np.array([0, 0, 1]), np.array(["p", "p", "q"])
    clips = np.array(["a", "b", "b"])
    scored = Scored(labels if what == "label" else np.ones(3, int), np.zeros(3), groups if what == "group" else np.full(3, "p"))
    with pytest.raises(DataError, match=f"the frames of clip b have more than one {what}"):
        clip_scores(Frames(scored, clips), ClipRule.MEAN, 0.0)


# --- metrics ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [ClipRule.MEAN, ClipRule.TOP_THIRD])
def test_with_one_frame_per_clip_clips_are_frames(rule: ClipRule) -> None:
    frames, validation = drawn_frames(60, n_frames=1), drawn_frames(40, n_frames=1, seed=1)
    threshold = best_threshold(validation.scored.labels, validation.scored.scores)
    wanted = measured(Verdicts(frames.scored.labels, frames.scored.scores, threshold))
    found = metrics_of(frames, rule, validation)
    assert found.n == 120
    assert found.auc == auc_interval([frames.scored])
    assert found.balanced_accuracy.value == wanted["balanced_accuracy"]
    assert {name: rate.value for name, rate in found.rates.items()} == pytest.approx(
        {name: wanted[name] for name in RATES}, nan_ok=True
    )


def test_with_one_frame_per_clip_a_vote_is_the_decision_on_the_frame() -> None:
    frames, validation = drawn_frames(60, n_frames=1), drawn_frames(40, n_frames=1, seed=1)
    threshold = best_threshold(validation.scored.labels, validation.scored.scores)
    wanted = balanced_accuracy(frames.scored.labels, frames.scored.scores, threshold)
    found = metrics_of(frames, ClipRule.VOTE, validation)
    assert found.balanced_accuracy.value == wanted
    assert found.auc.value == pytest.approx(wanted)  # the AUC of two values is the balanced accuracy


def test_a_tied_vote_is_no_majority() -> None:
    frames = frames_of({"a": (1, [0.0, 1.0]), "b": (1, [0.0, 1.0, 1.0]), "c": (0, [0.0, 1.0]), "d": (0, [0.0, 0.0])})
    assert clip_threshold(frames, ClipRule.VOTE, 0.5) == MAJORITY
    assert metrics_of(frames, ClipRule.VOTE).balanced_accuracy.value == 0.75  # b of the fakes; c and d, both real


def test_means_over_fitted_detectors() -> None:
    draws = [drawn_frames(20, seed=seed) for seed in (1, 2)]
    intervals = Intervals([one.scored for one in draws], 200)
    both = clip_metrics(draws, ClipRule.MEAN, [0.5, 0.5], [0.5, 1.0], intervals)
    alone = [
        clip_metrics([one], ClipRule.MEAN, [0.5], [t], intervals) for one, t in zip(draws, [0.5, 1.0], strict=True)
    ]  # fmt: skip
    assert both.auc.value == pytest.approx(np.mean([one.auc.value for one in alone]))
    assert both.balanced_accuracy.value == pytest.approx(np.mean([one.balanced_accuracy.value for one in alone]))
    assert both.rates["pd10"].value == pytest.approx(np.mean([one.rates["pd10"].value for one in alone]))


def test_pooling_frames_that_err_independently_helps() -> None:
    frames = drawn_frames(80, n_frames=9, separation=0.8)
    assert metrics_of(frames, ClipRule.MEAN).auc.value > roc_auc(frames.scored.labels, frames.scored.scores)


def test_one_class_or_no_threshold_is_unknown() -> None:
    reals = frames_of({"a": (0, [1.0, 2.0]), "b": (0, [0.0, 2.0]), "c": (0, [1.0, 0.0])})
    found = clip_metrics([reals], ClipRule.MEAN, [0.5], [0.5], Intervals([reals.scored], 100))
    assert math.isnan(found.auc.value)
    assert math.isnan(found.balanced_accuracy.value)
    assert math.isnan(found.rates["pd10"].value)
    frames = drawn_frames(4)
    unset = clip_metrics([frames], ClipRule.VOTE, [math.nan], [MAJORITY], Intervals([frames.scored], 100))
    assert math.isnan(unset.auc.value)
    assert unset.n == 8


def test_too_few_real_clips_have_no_detection_rate() -> None:
    rates = metrics_of(drawn_frames(20), ClipRule.MEAN).rates
    assert np.isfinite(rates["pd10"].value)
    assert np.isfinite(rates["pd5"].value)
    assert math.isnan(rates["pd1"].value)  # 20 real clips cannot tell 1 % from none, though they have 120 frames


def test_fields_of_a_test_entry() -> None:
    entry = metrics_of(drawn_frames(30), ClipRule.TOP_THIRD).numbers()
    assert entry["n_clips"] == 60
    for name in ("auc", "balanced_accuracy", "pd10"):
        assert entry[f"clip_{name}_lo"] <= entry[f"clip_{name}"] <= entry[f"clip_{name}_hi"]


# --- intervals --------------------------------------------------------------------------------------------------------


def test_weighted_metrics_equal_those_of_repeated_clips() -> None:
    frames = drawn_frames(30, n_frames=1)
    one = Scored(frames.scored.labels, np.round(frames.scored.scores, 1), frames.scored.groups)  # some tie
    weights = RNG.multinomial(60, np.full(60, 1 / 60), size=50).astype(np.int16)
    accuracies, rates = weighted_balanced_accuracy(one, weights, 1.0), weighted_detection_rates(one, weights, (0.1,))[0]
    for times, accuracy, rate in zip(weights, accuracies, rates, strict=True):
        labels, scores = np.repeat(one.labels, times), np.repeat(one.scores, times)
        assert accuracy == pytest.approx(balanced_accuracy(labels, scores, 1.0))
        assert rate == pytest.approx(detection_rate_at(labels, scores, 0.1))


def test_weights_that_overflow_small_integers() -> None:
    one = Scored(np.array([0, 1] * 400), np.tile([0.0, 1.0], 400), np.array(["p"] * 800))
    weights = np.full((1, 800), 300, dtype=np.int16)
    assert weighted_balanced_accuracy(one, weights, 0.5) == 1
    assert weighted_detection_rates(one, weights, (0.1,)) == 1


def test_intervals_resample_identities_and_not_clips() -> None:
    """Ten clips of each person with equal scores are the evidence of one."""
    base = drawn_frames(40, n_frames=1)
    copies = 10
    labels, scores, groups = (np.repeat(part, copies) for part in (base.scored.labels, base.scored.scores, base.scored.groups))
    clips = np.array([f"clip{i}" for i in range(len(labels))])
    together = metrics_of(Frames(Scored(labels, scores, groups), clips), ClipRule.MEAN, base)
    apart = metrics_of(Frames(Scored(labels, scores, clips), clips), ClipRule.MEAN, base)
    once = metrics_of(base, ClipRule.MEAN)
    for found in (lambda one: one.balanced_accuracy, lambda one: one.rates["pd10"], lambda one: one.auc):
        width = found(together).high - found(together).low
        assert width == pytest.approx(found(once).high - found(once).low, rel=0.05)
        assert width > 2 * (found(apart).high - found(apart).low)


def test_perfect_clips_are_not_certain() -> None:
    found = metrics_of(
        frames_of({f"{label}{i}": (label, [float(label)] * 5) for label in (0, 1) for i in range(6)}), ClipRule.MEAN
    )
    assert found.balanced_accuracy.value == 1
    assert found.balanced_accuracy.low == pytest.approx(0.025 ** (1 / 6))
    assert found.auc.low == pytest.approx(0.025 ** (1 / 6))


# --- clips of a score file ---------------------------------------------------------------------------------------------

N_CLIPS, N_FRAMES = 12, 3
EASY, HARD = ("Deepfakes", "Face2Face", "FaceSwap"), "NeuralTextures"
BEATEN = [5, *[6] * 11]  # how many of the 12 reals each clip of the hard manipulation lies above


def clip_level(kind: str, number: int) -> float:
    if kind == "original":
        return float(number)
    return BEATEN[number] - 0.5 if kind == HARD else 100.0


def manipulations() -> tuple[list[Item], list[float]]:
    """Four manipulations and the originals, all with the folders 000 to 011; frames scatter around their clip's score."""
    items, scores = [], []
    for kind in (*EASY, HARD, "original"):
        for number in range(N_CLIPS):
            for frame in range(N_FRAMES):
                name, label = f"{number:03d}", int(kind != "original")
                items.append(Item(f"{kind}/{name}/{frame:04d}.png", label, "test", target=name, video=name))
                scores.append(clip_level(kind, number) + 0.2 * (frame - 1))
    return items, scores


def kept(folder: Path, *tables: pa.Table) -> list[DomainScores]:
    write_table(folder / "scores.parquet", pa.concat_tables(tables))
    return read_scores(folder / "scores.parquet")


def table_of(domain: str, items: list[Item], scores: list[float]) -> pa.Table:
    return with_scores(item_table(domain, items, [OK] * len(items)), np.array(scores))


def test_four_manipulations_that_share_folder_names_stay_apart(tmp_path: Path) -> None:
    items, scores = manipulations()
    (entry,) = kept(tmp_path, table_of("ffpp", items, scores))
    clips = clip_scores(entry.frames, ClipRule.MEAN, math.nan)
    assert len(clips.labels) == 5 * N_CLIPS
    assert f"{roc_auc(clips.labels, clips.scores):.3f}" == "0.873"
    assert sorted(set(clips.groups)) == [f"ffpp:{i:03d}" for i in range(N_CLIPS)]
    # The trap: four manipulations become one clip, and where labels do not count, so do their originals.
    by_name = np.array([f"{item.video} {item.label}" for item in items])
    merged = clip_scores(Frames(entry.scored, by_name), ClipRule.MEAN, math.nan)
    assert roc_auc(merged.labels, merged.scores) == 1.0
    with pytest.raises(DataError, match="clip 000 have more than one label: 0 and 1"):
        clip_scores(Frames(entry.scored, np.array([item.video for item in items])), ClipRule.MEAN, math.nan)


def test_clips_of_one_name_of_different_people_stay_apart() -> None:
    items = [Item(f"fake/{i}.png", 1, "test", target=person, donor=donor, video="take1")
             for i, (person, donor) in enumerate([("a", "x"), ("a", "y"), ("b", "x"), ("b", "x")])]  # fmt: skip
    names = clip_names(item_table("set", items, [OK] * 4))
    assert names is not None
    assert len(set(names)) == 3
    assert names[2] == names[3]


def test_domains_and_splits_stay_apart(tmp_path: Path) -> None:
    items, scores = manipulations()
    plain, perturbed = kept(tmp_path, table_of("ffpp", items, scores), table_of("ffpp+jpeg:quality=50", items, scores))
    for entry in (plain, perturbed):
        assert entry.clips is not None
        assert len(set(entry.clips)) == 5 * N_CLIPS


def test_pictures_without_a_clip_are_no_clips(tmp_path: Path) -> None:
    names = [(f"{kind}/{i}.png", int(kind == "fake"), i) for kind in ("real", "fake") for i in range(4)]
    people = [Item(name, label, "test", target=f"p{i // 2}") for name, label, i in names]
    (entry,) = kept(tmp_path, table_of("people", people, list(range(8))))
    assert entry.clips is None
    singles = [Item(name, label, "test", video=f"v{i}") for name, label, i in names]
    (entry,) = kept(tmp_path, table_of("singles", singles, list(range(8))))
    assert entry.clips is None  # one frame each: there is nothing to pool


def test_pictures_beside_clips_are_their_own(tmp_path: Path) -> None:
    items = [Item(f"fake/a/{i}.png", 1, "test", video="a") for i in range(3)] + [
        Item(f"real/{i}.png", 0, "test") for i in range(2)
    ]
    (entry,) = kept(tmp_path, table_of("mixed", items, [1.0, 2.0, 3.0, 0.0, 5.0]))
    clips = clip_scores(entry.frames, ClipRule.MEAN, math.nan)
    assert sorted(zip(clips.labels.tolist(), clips.scores.tolist(), strict=True)) == [(0, 0.0), (0, 5.0), (1, 2.0)]


def test_frames_without_a_score_do_not_count(tmp_path: Path) -> None:
    items = [Item(f"fake/a/{i}.png", 1, "test", video="a") for i in range(4)]
    items += [Item(f"fake/b/{i}.png", 1, "test", video="b") for i in range(2)]
    statuses = [OK, ItemStatus(Status.ERROR, "cannot be read"), OK, OK, *[ItemStatus(Status.MISSING)] * 2]
    (entry,) = kept(tmp_path, with_scores(item_table("x", items, statuses), np.array([1.0, 2.0, 6.0])))
    assert clip_scores(entry.frames, ClipRule.MEAN, math.nan).scores.tolist() == [3.0]
