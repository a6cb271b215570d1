"""
The text of fitted LightGBM trees, read strictly before LightGBM sees it.

LightGBM's parser and predictor trust their text: a wrong length, index or child ends the process or never returns. So the
fields that a prediction needs are read and checked here, and LightGBM is handed a text that is written anew from them alone,
with every number spelled as it was, so that scores do not change in the last bit.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, takewhile
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lightgbm import Booster

VERSIONS = ("v3", "v4")
MOST_TREES = 100_000
MOST_FEATURES = 10_000_000
WHOLE = re.compile(r"-?\d{1,10}")
NUMBER = re.compile(r"-?\d{1,25}(\.\d{1,25})?(e[+-]?\d{1,3})?", re.IGNORECASE)
# Bits of a decision: the feature has categories; what is missing goes left; how a missing value is written (0, 1 or 2).
CATEGORICAL, DECISIONS = (
    1,
    frozenset(left | kind << 2 | category for left in (0, 2) for kind in (0, 1, 2) for category in (0, 1)),
)
WORD = 2**32  # above the 32 categories that a number of `cat_threshold` stands for
OBJECTIVE = "objective=binary sigmoid:1"


def tree_scores(text: str, values: NDArray) -> NDArray[np.float64]:
    """
    Score crops with fitted trees.

    Parameters
    ----------
    text : str
        LightGBM's own, of two classes.
    values : array (n_crops, n_features)

    Returns
    -------
    array of float64 (n_crops,)
        Log odds of label 1.

    Raises
    ------
    ValueError
        If the text is none of trees on so many features; see `checked_text`.
    """
    booster = _booster(text)
    if booster.num_feature() != values.shape[1]:
        raise ValueError(f"the trees are of {booster.num_feature()} features, got {values.shape[1]}")
    return np.asarray(booster.predict(np.asarray(values, dtype=np.float64), raw_score=True, num_threads=1))


@lru_cache(maxsize=4)
def _booster(text: str) -> "Booster":
    import lightgbm

    return lightgbm.Booster(model_str=checked_text(text))


def checked_text(text: str) -> str:
    """
    Write the text of trees anew from what a prediction needs of it.

    Parameters
    ----------
    text : str
        As ``Booster.model_to_string`` of LightGBM 3 or 4 returns it, for a binary objective.

    Returns
    -------
    str
        That LightGBM predicts the same with.

    Raises
    ------
    ValueError
        If a field is missing or has the wrong length, a number is none, or the nodes are no tree.
    """
    if not isinstance(text, str):
        raise ValueError(f"the trees are no text but {type(text).__name__}")
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("Tree=")]
    if not starts or len(starts) > MOST_TREES:
        raise ValueError(f"{len(starts)} trees, wanted 1 to {MOST_TREES}")
    n_features = _check_head(lines[: starts[0]])
    trees = []
    for number, (start, end) in enumerate(pairwise([*starts, len(lines)])):
        # A tree ends at an empty line, the last one at the words `end of trees`.
        own = list(takewhile(lambda line: line and line != "end of trees", lines[start + 1 : end]))
        try:
            trees.append(f"Tree={number}\n{_tree(_fields(own), n_features)}\n\n")
        except ValueError as error:
            raise ValueError(f"tree {number}: {error}") from error
    head = (
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={n_features - 1}",
        OBJECTIVE,
        f"feature_names={' '.join(f'Column_{i}' for i in range(n_features))}",
        f"feature_infos={' '.join(['none'] * n_features)}",
        f"tree_sizes={' '.join(str(len(tree)) for tree in trees)}",
    )
    return "\n".join([*head, "", "".join(trees) + "end of trees\n"])


def _check_head(lines: Sequence[str]) -> int:
    """Return the number of features."""
    if not lines or lines[0] != "tree":
        raise ValueError("the text does not begin like trees of LightGBM")
    head = _fields([line for line in lines[1:] if line])
    if head.get("version") not in VERSIONS:
        raise ValueError(f"version {head.get('version', '')[:20]!r}, wanted {' or '.join(VERSIONS)}")
    if (head.get("num_class"), head.get("num_tree_per_iteration")) != ("1", "1"):
        raise ValueError("the trees are not of two classes")
    if not head.get("objective", "").startswith("binary ") or "average_output" in head:
        raise ValueError("the trees were not boosted for two classes")
    (last,) = _whole(head, "max_feature_idx", 1)
    if not 0 <= last < MOST_FEATURES:
        raise ValueError(f"{last + 1} features, wanted 1 to {MOST_FEATURES}")
    return last + 1


def _fields(lines: Sequence[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition("=")
        if name in fields:
            raise ValueError(f"{name[:40]!r} is there twice")
        fields[name] = value
    return fields


def _tree(fields: Mapping[str, str], n_features: int) -> str:
    """Check the fields of one tree, and write those that matter."""
    (n_leaves,) = _whole(fields, "num_leaves", 1)
    (n_categorical,) = _whole(fields, "num_cat", 1)
    n_nodes = n_leaves - 1
    # Every leaf has its own number in the text, so that the text is longer than what is allocated here.
    if n_leaves < 1 or not 0 <= n_categorical <= n_nodes:
        raise ValueError(f"{n_leaves} leaves and {n_categorical} sets of categories")
    if fields.get("is_linear", "0") != "0":
        raise ValueError("its leaves are linear models, which no detector fits")
    kept = [f"num_leaves={n_leaves}", f"num_cat={n_categorical}"]
    leaf_values = _numbers(fields, "leaf_value", n_leaves)
    if n_nodes:
        _check_splits(fields, n_nodes, n_features, n_categorical)
        kept += [
            f"{name}={fields[name]}" for name in ("split_feature", "threshold", "decision_type", "left_child", "right_child")
        ]
        kept += [f"{name}={' '.join(['0'] * n_nodes)}" for name in ("split_gain", "internal_value")]
        kept += [f"{name}={' '.join(['0'] * n_nodes)}" for name in ("internal_weight", "internal_count")]
    kept.append(f"leaf_value={' '.join(leaf_values)}")
    kept += [f"{name}={' '.join(['0'] * n_leaves)}" for name in ("leaf_weight", "leaf_count")]
    if n_categorical:
        kept += [f"{name}={fields[name]}" for name in ("cat_boundaries", "cat_threshold")]
    return "\n".join([*kept, "is_linear=0", "shrinkage=1", ""])


def _check_splits(fields: Mapping[str, str], n_nodes: int, n_features: int, n_categorical: int) -> None:
    features = _whole(fields, "split_feature", n_nodes)
    if not all(0 <= feature < n_features for feature in features):
        raise ValueError(f"split_feature is not below {n_features} everywhere")
    decisions = _whole(fields, "decision_type", n_nodes)
    if not DECISIONS.issuperset(decisions):
        raise ValueError("decision_type is none of LightGBM's")
    thresholds = _numbers(fields, "threshold", n_nodes)
    sets = [float(text) for text, decision in zip(thresholds, decisions, strict=True) if decision & CATEGORICAL]
    if not all(number.is_integer() and 0 <= number < n_categorical for number in sets):
        raise ValueError("threshold names a set of categories that is not there")
    _check_children(_whole(fields, "left_child", n_nodes), _whole(fields, "right_child", n_nodes))
    if n_categorical:
        bounds = _whole(fields, "cat_boundaries", n_categorical + 1)
        if bounds[0] != 0 or any(low >= high for low, high in pairwise(bounds)):
            raise ValueError("cat_boundaries does not begin at 0 and rise")
        if not all(0 <= word < WORD for word in _whole(fields, "cat_threshold", bounds[-1])):
            raise ValueError("cat_threshold is not of 32 bits everywhere")


def _check_children(left: Sequence[int], right: Sequence[int]) -> None:
    """
    Refuse nodes that are no tree.

    Inner nodes are numbered in the order in which they were split, so that a child has a larger number than its parent; leaf k
    is written as -k-1.
    """
    children = [*left, *right]
    if any(0 <= child <= parent for of_side in (left, right) for parent, child in enumerate(of_side)):
        raise ValueError("a node lies below itself")
    n_nodes = len(left)
    if sorted(children) != [*range(-n_nodes - 1, 0), *range(1, n_nodes)]:
        raise ValueError("its nodes are no tree")


def _whole(fields: Mapping[str, str], name: str, n: int) -> list[int]:
    """Return the whole numbers of a field."""
    return [int(text) for text in _matching(fields, name, n, WHOLE.fullmatch)]


def _numbers(fields: Mapping[str, str], name: str, n: int) -> list[str]:
    """Return the spellings of the finite numbers of a field."""
    return _matching(fields, name, n, lambda text: NUMBER.fullmatch(text) and isfinite(float(text)))


def _matching(fields: Mapping[str, str], name: str, n: int, fits: Callable[[str], object]) -> list[str]:
    if name not in fields:
        raise ValueError(f"{name} is missing")
    texts = fields[name].split(" ")
    if len(texts) != n:
        raise ValueError(f"{name} has {len(texts)} values, wanted {n}")
    if wrong := [text for text in texts if not fits(text)]:
        raise ValueError(f"{name} has {wrong[0][:40]!r}, which is no such number")
    return texts
