"""Frames to clips: a folder's name alone names no clip."""

import numpy as np
import pyarrow as pa
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.results.scores import OK, ItemStatus, Reason, Status, item_table, with_scores
from bandbench.leaderboard.clips import pooled_by_clip

N_CLIPS, N_FRAMES = 12, 3
EASY, HARD = ("Deepfakes", "Face2Face", "FaceSwap"), "NeuralTextures"
BEATEN = [5, *[6] * 11]  # how many of the 12 reals each clip of the hard manipulation lies above


def clip_score(kind: str, number: int) -> float:
    if kind == "original":
        return float(number)
    return BEATEN[number] - 0.5 if kind == HARD else 100.0


def frames(with_video: bool) -> tuple[list[Item], list[float]]:
    """Four manipulations and the originals, all with the folders 000 to 011; frames scatter around their clip's score."""
    items, scores = [], []
    for kind in (*EASY, HARD, "original"):
        for number in range(N_CLIPS):
            for frame in range(N_FRAMES):
                name = f"{number:03d}"
                item = Item(f"{kind}/{name}/{frame:04d}.png", int(kind != "original"), "test", target=name)
                items.append(Item(**{**vars(item), "video": name if with_video else ""}))
                scores.append(clip_score(kind, number) + 0.2 * (frame - 1))
    return items, scores


def scored(items: list[Item], scores: list[float]) -> pa.Table:
    return with_scores(item_table("ffpp", items, [OK] * len(items)), np.array(scores))


def auc_of(table: pa.Table) -> float:
    return roc_auc(table["label"].to_numpy(), table["score"].to_numpy())


def pooled_by_folder_name(table: pa.Table, merge_labels: bool) -> float:
    """What goes wrong: clips of four manipulations become one, and, if labels do not count, so do their originals."""
    pools: dict[tuple[str, int], list[tuple[int, float]]] = {}
    for item, label, score in zip(*(table[name].to_pylist() for name in ("item", "label", "score")), strict=True):
        pools.setdefault((item.split("/")[-2], 0 if merge_labels else label), []).append((label, score))
    return roc_auc([label for (_, label) in pools] if not merge_labels else [each[0][0] for each in pools.values()],
                   [np.mean([score for _, score in each]) for each in pools.values()])  # fmt: skip


@pytest.mark.parametrize("with_video", [True, False])
def test_four_manipulations_that_share_folder_names_stay_apart(with_video: bool) -> None:
    table = scored(*frames(with_video))
    clips = pooled_by_clip(table)
    assert len(clips) == 5 * N_CLIPS
    assert f"{auc_of(clips):.3f}" == "0.873"
    assert pooled_by_folder_name(table, merge_labels=False) == 1.0  # the trap
    assert np.isnan(pooled_by_folder_name(table, merge_labels=True))  # all fakes: nothing is left to rank them against
    assert sorted(set(clips["group"].to_pylist())) == [f"ffpp:{i:03d}" for i in range(N_CLIPS)]


def test_a_clip_has_the_mean_of_its_frames() -> None:
    clips = pooled_by_clip(scored(*frames(True)))
    found = dict(zip(clips["item"].to_pylist(), clips["score"].to_pylist(), strict=True))
    assert found["Deepfakes/003/003"] == pytest.approx(100.0)
    assert found["original/007/007"] == pytest.approx(7.0)
    assert clips.schema == scored(*frames(True)).schema


def test_order_of_frames_does_not_matter() -> None:
    table = scored(*frames(True))
    other = pooled_by_clip(table.take(np.random.default_rng(0).permutation(len(table)))).sort_by("item")
    first = pooled_by_clip(table).sort_by("item")
    assert other["item"].equals(first["item"])
    np.testing.assert_allclose(other["score"].to_numpy(), first["score"].to_numpy())


def test_domains_and_splits_stay_apart() -> None:
    items, scores = frames(True)
    table = pa.concat_tables([scored(items, scores), with_scores(
        item_table("ffpp+jpeg:quality=50", items, [OK] * len(items)), np.array(scores) + 1
    )])  # fmt: skip
    clips = pooled_by_clip(table)
    assert len(clips) == 2 * 5 * N_CLIPS
    assert set(clips["domain"].to_pylist()) == {"ffpp", "ffpp+jpeg:quality=50"}


def test_pictures_without_clip_or_person_are_their_own() -> None:
    items = [Item(f"{kind}/{i:02d}.png", int(kind == "fake"), "test") for kind in ("real", "fake") for i in range(4)]
    table = scored(items, list(range(8)))
    clips = pooled_by_clip(table)
    assert clips["item"].to_pylist() == [item.id for item in items]
    assert clips["score"].to_pylist() == table["score"].to_pylist()


def test_frames_without_a_score() -> None:
    items = [Item(f"fake/a/{i}.png", 1, "test", video="a") for i in range(4)]
    items += [Item(f"fake/b/{i}.png", 1, "test", video="b") for i in range(2)]
    error, missing = (ItemStatus(status, "…", Reason.UNREADABLE) for status in (Status.ERROR, Status.MISSING))
    statuses = [OK, error, OK, OK, missing, missing]
    clips = pooled_by_clip(with_scores(item_table("x", items, statuses), np.array([1.0, 2.0, 6.0])))
    assert clips["status"].to_pylist() == ["ok", "missing"]
    assert clips["score"].to_pylist() == [3.0, None]
    assert clips["detail"].to_pylist() == ["3 of 4 frames have a score", "0 of 2 frames have a score"]


def test_empty_and_incomplete_tables() -> None:
    table = scored(*frames(True))
    assert len(pooled_by_clip(table.slice(0, 0))) == 0
    with pytest.raises(DataError, match=r"pooling by clip needs the columns .* without \['video'\]"):
        pooled_by_clip(table.drop_columns(["video"]))
