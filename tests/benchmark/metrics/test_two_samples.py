"""Maximum mean discrepancy: laws of the estimate and of its test, and the published estimates against stored values."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist, pdist

from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.metrics.two_samples import (
    KERNELS,
    Labelling,
    kernel_of,
    median_distance,
    mmd,
    published_mmd,
    published_width,
)

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "mmd.npz")


def two_sets(n: int, m: int, shift: float = 0.0, seed: int = 0, n_features: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, n_features)), rng.standard_normal((m, n_features)) + shift


def direct(x: np.ndarray, y: np.ndarray, width: float, kernel: Any = "gaussian") -> float:
    """The U-statistic as it is written."""
    within = [kernel_of(cdist(a, a) ** 2, kernel, width) for a in (x, y)]
    means = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in within]
    return sum(means) - 2 * kernel_of(cdist(x, y) ** 2, kernel, width).mean()


# --- the estimate ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("sizes", [(2, 2), (30, 17), (700, 900)])
def test_it_is_the_u_statistic(sizes: tuple[int, int], kernel: Any) -> None:
    x, y = two_sets(*sizes, shift=0.3)
    found = mmd(x, y, kernel=kernel, permutations=0)
    assert found.value == pytest.approx(direct(x, y, found.width, kernel), abs=1e-12)
    assert (found.n_real, found.n_fake, found.n_real_groups, found.n_fake_groups) == (*sizes, *sizes)
    assert found.p_value is None


def test_kernels_are_those_of_their_formulas() -> None:
    d, w = np.array([0.0, 1.0, 3.0]), 2.0
    np.testing.assert_allclose(kernel_of(d**2, "gaussian", w), np.exp(-(d**2) / 8))
    np.testing.assert_allclose(kernel_of(d**2, "exponential", w), np.exp(-d / 2))
    np.testing.assert_allclose(kernel_of(d**2, "rational_quadratic", w), 1 / (1 + d**2 / 8))


def test_equal_distributions_give_zero_on_the_average_and_the_published_estimate_does_not() -> None:
    sets = [two_sets(20, 15, seed=seed) for seed in range(300)]
    values = np.array([mmd(x, y, width=2.0, permutations=0).value for x, y in sets])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    assert (values < 0).mean() > 0.3
    biased = np.mean([published_mmd(x, y, "all_entries", width=2.0).value for x, y in sets[:50]])
    assert biased == pytest.approx(1 / 19 + 1 / 14, rel=0.2)


def test_the_order_of_vectors_and_sets_changes_nothing() -> None:
    x, y = two_sets(40, 30, shift=0.5)
    rng = np.random.default_rng(1)
    found, mixed, swapped = mmd(x, y), mmd(rng.permutation(x), rng.permutation(y)), mmd(y, x)
    assert mixed.value == pytest.approx(found.value, abs=1e-12)
    assert swapped.value == pytest.approx(found.value, abs=1e-12)
    assert mixed.width == pytest.approx(found.width, rel=1e-12) == swapped.width
    assert published_width(np.concatenate([y, x]), "first_100") != published_width(np.concatenate([x, y]), "first_100")


@pytest.mark.parametrize("kernel", KERNELS)
def test_unit_and_origin_do_not_matter(kernel: Any) -> None:
    x, y = two_sets(40, 30, shift=0.5)
    found, moved = (mmd(a, b, kernel=kernel, permutations=99) for a, b in ((x, y), (1000 * x + 7e4, 1000 * y + 7e4)))
    assert moved.value == pytest.approx(found.value, abs=1e-9)
    assert moved.width == pytest.approx(1000 * found.width, rel=1e-9)
    assert moved.p_value == found.p_value


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int16])
def test_other_number_types_are_computed_in_float64(dtype: Any) -> None:
    x, y = ((values * 50).astype(dtype) for values in two_sets(40, 30, shift=0.5, n_features=300))
    found, wanted = mmd(x, y, permutations=0), mmd(x.astype(np.float64), y.astype(np.float64), permutations=0)
    assert found.value == pytest.approx(wanted.value, abs=1e-12)


# --- width -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 11, 513, 2500])
def test_the_width_is_the_median_of_all_pairs(n: int) -> None:
    rows = np.random.default_rng(n).lognormal(0, 2, (n, 3))
    assert median_distance(rows) == pytest.approx(np.median(pdist(rows)), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_median_is_exact_where_a_sample_of_pairs_misleads(scale: float) -> None:
    """Every second vector is much shorter, or longer, than the others, and a regular choice takes those."""
    rows = np.random.default_rng(0).standard_normal((4096, 2))
    rows[np.linspace(0, 4095, 2048).astype(int)] *= scale
    assert median_distance(rows) == pytest.approx(np.median(pdist(rows)), rel=1e-9)


@pytest.mark.parametrize("case", ["same", "shift", "square"])
def test_the_published_estimate_with_the_width_of_the_first_100(case: str) -> None:
    x, y, sigma, value, value_of_3 = (GOLDEN[f"first_100/{case}/{name}"] for name in ("x", "y", "sigma", "mmd", "mmd_sigma3"))
    found = published_mmd(x, y, "first_100")
    assert found.width == pytest.approx(float(sigma), rel=1e-12)
    assert found.value == pytest.approx(float(value), abs=1e-10)
    assert published_mmd(x, y, "first_100", width=3).value == pytest.approx(float(value_of_3), abs=1e-10)


@pytest.mark.parametrize("case", ["same", "shift"])
def test_the_published_estimate_with_the_width_of_all_entries(case: str) -> None:
    x, y, width = (GOLDEN[f"all_entries/{case}/{name}"] for name in ("x", "y", "width"))
    for kernel in KERNELS:
        found = published_mmd(x, y, "all_entries", kernel)
        assert found.width == pytest.approx(float(width), rel=1e-12)
        assert found.value == pytest.approx(float(GOLDEN[f"all_entries/{case}/{kernel}"]), abs=1e-9)
    of_2 = published_mmd(x, y, "all_entries", width=2)
    assert of_2.value == pytest.approx(float(GOLDEN[f"all_entries/{case}/gaussian_l2"]), abs=1e-10)


@pytest.mark.parametrize("n", [5, 6, 7, 8, 60])
def test_published_widths_by_the_letter(n: int) -> None:
    rows = np.random.default_rng(n).standard_normal((n, 3))
    entries = np.sort(cdist(rows, rows).ravel())
    first = np.sort(pdist(rows)[:100])
    assert published_width(rows, "all_entries") == pytest.approx(entries[(n * n - 1) // 2])
    assert published_width(rows, "first_100") == pytest.approx(first[(len(first) - 1) // 2] / 2)


# --- test ------------------------------------------------------------------------------------------------------------


def test_p_values_of_equal_distributions_are_uniform() -> None:
    p_values = [mmd(*two_sets(15, 12, seed=seed), permutations=99, seed=seed).p_value for seed in range(300)]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    assert min(p_values) >= 0.01


def test_a_shift_is_found() -> None:
    found = mmd(*two_sets(60, 50, shift=0.8))
    assert found.p_value == 1 / 1000
    assert found.value > 0.05
    assert mmd(*two_sets(60, 50, shift=0.8), permutations=199).p_value == 1 / 200


def test_a_difference_in_shape_alone_is_found() -> None:
    rng = np.random.default_rng(0)
    uniform = rng.uniform(-np.sqrt(3), np.sqrt(3), (400, 2))
    two_valued = rng.choice([-1.0, 1.0], (400, 2)) + 0.1 * rng.standard_normal((400, 2))
    assert mmd(uniform, two_valued, width=0.5, permutations=199).p_value == 1 / 200


def test_the_seed_fixes_the_relabellings() -> None:
    x, y = two_sets(20, 20, shift=0.2)
    assert mmd(x, y, seed=1) == mmd(x, y, seed=1)
    assert len({mmd(x, y, seed=seed).p_value for seed in range(5)}) > 1


def clips(n_clips: int, n_frames: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Frames that differ little within a clip, while clips differ from one another."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.standard_normal((n_clips, 4)), n_frames, axis=0)
    names = [f"{seed}-{i}" for i in range(n_clips) for _ in range(n_frames)]
    return centres + 0.1 * rng.standard_normal(centres.shape), names


def test_frames_of_a_clip_are_no_evidence() -> None:
    """All clips come from one distribution; frames taken for independent reject that nearly always."""
    alone, together, values = [], [], []
    for seed in range(0, 60, 2):
        (x, of_x), (y, of_y) = clips(6, 15, seed), clips(7, 15, seed + 1)
        alone.append(mmd(x, y, permutations=99).p_value)
        grouped = mmd(x, y, groups=(of_x, of_y), permutations=99)
        together.append(grouped.p_value)
        values.append(grouped.value)
        assert (grouped.n_real_groups, grouped.n_fake_groups) == (6, 7)
    assert np.mean(np.array(alone) <= 0.05) > 0.9
    assert np.mean(np.array(together) <= 0.05) < 0.2
    assert stats.kstest(together, "uniform").pvalue > 0.01
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_clips_that_do_differ_are_found() -> None:
    (x, of_x), (y, of_y) = clips(20, 5, 0), clips(20, 5, 1)
    assert mmd(x, y + 1, groups=(of_x, of_y)).p_value <= 0.01


def test_groups_of_one_are_no_groups() -> None:
    x, y = two_sets(20, 25, shift=0.3)
    named = mmd(x, y, groups=([f"a{i}" for i in range(20)], [f"b{i}" for i in range(25)]), width=2.0)
    assert named.value == pytest.approx(mmd(x, y, width=2.0).value, abs=1e-12)


def test_pairs_of_pictures_with_and_without_a_filter_exchange_their_two() -> None:
    """A small change of every picture drowns among pictures, unless each is compared with itself."""
    x, _ = two_sets(200, 2)
    rng = np.random.default_rng(1)
    y = x + 0.15 + 0.02 * rng.standard_normal(x.shape)
    names = [str(i) for i in range(len(x))]
    assert mmd(x, y, permutations=199).p_value > 0.05
    assert mmd(x, y, groups=(names, names), permutations=199).p_value == 1 / 200
    unchanged = [mmd(x, rng.permutation(x) + 0, permutations=0).value for _ in range(3)]
    assert max(unchanged) < 0


def test_pairs_that_do_not_differ_have_uniform_p_values() -> None:
    p_values = []
    for seed in range(200):
        base, noise = two_sets(12, 24, seed=seed)
        names = [str(i) for i in range(12)]
        found = mmd(base + 0.3 * noise[:12], base + 0.3 * noise[12:], groups=(names, names), permutations=99, seed=seed)
        p_values.append(found.p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_relabelling_keeps_groups_whole_and_their_numbers() -> None:
    is_real = np.array([1, 1, 1, 0, 0, 1, 0, 0], dtype=bool)
    group = np.array([0, 0, 1, 2, 2, 3, 3, 4])  # two real, two fake, one of both
    labelling = Labelling.of(is_real, group)
    exchanged = labelling.exchanges(200, np.random.default_rng(0))
    sides = labelling.sides(exchanged)
    np.testing.assert_array_equal(sides[:, 0], is_real)
    np.testing.assert_array_equal(sides[0], sides[1])
    np.testing.assert_array_equal(sides[3], sides[4])
    np.testing.assert_array_equal(sides[5], 1 - sides[6])
    assert set(sides[[0, 2, 3, 7]].sum(axis=0)) == {2}
    assert len(np.unique(sides, axis=1).T) == 12  # 4 choose 2, times two
    for column, *counted in zip(sides.T, *labelling.n_pairs(exchanged), strict=True):
        other = group[:, None] != group
        masks = (np.outer(column, column), np.outer(1 - column, 1 - column), np.outer(column, 1 - column))
        assert counted == [int((mask * other).sum()) for mask in masks]


# --- mistakes --------------------------------------------------------------------------------------------------------

SOME = np.random.default_rng(0).standard_normal((6, 3))


@pytest.mark.parametrize(
    ("real", "fake", "options", "message"),
    [
        (SOME[:1], SOME, {}, r"MMD needs at least two real vectors, as \(n_vectors, n_features\); got \(1, 3\)"),
        (SOME, SOME[:0], {}, "MMD needs at least two fake vectors"),
        (SOME, SOME[0], {}, r"at least two fake vectors, .* got \(3,\)"),
        (SOME, SOME[:, :2], {}, "vectors of one length, got 3 numbers real and 2 fake"),
        (SOME, SOME * [1, np.nan, 1], {}, "finite numbers; 6 of the fake ones are not"),
        (np.ones((5, 3)), np.ones((4, 3)), {}, "at least half of the distances between the 9 vectors are 0. Leave out copies"),
        (np.zeros((5, 3)), np.zeros((4, 3)), {}, "at least half of the distances between the 9 vectors are 0"),
        (np.full((5, 3), 0.1), np.full((4, 3), 0.1), {}, "at least half of the distances between the 9 vectors are 0"),
        (SOME, SOME + 1, {"groups": ("aabbcc", "ddee")}, "a group for every vector: 6 real and 6 fake, got 6 and 4"),
        (SOME, SOME + 1, {"groups": ("aaaaaa", "bbccdd")}, "two groups of each kind, got 1 real and 3 fake"),
    ],
)
def test_data_that_cannot_be_compared(real: np.ndarray, fake: np.ndarray, options: dict[str, Any], message: str) -> None:
    if "groups" in options:
        options = {"groups": tuple(list(side) for side in options["groups"])}
    with pytest.raises(DataError, match=message):
        mmd(real, fake, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "gausian"}, "unknown kernel of MMD 'gausian'. Did you mean 'gaussian'"),
        ({"width": 0.0}, "MMD needs a width above 0, got 0"),
        ({"width": np.inf}, "MMD needs a width above 0, got inf"),
        ({"permutations": -1}, "MMD needs 0 or more permutations, got -1"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        mmd(SOME, SOME + 1, **options)


def test_published_rules_that_do_not_exist() -> None:
    with pytest.raises(StudyError, match="unknown published width 'first'. Did you mean 'first_100'"):
        published_width(SOME, "first")  # pyright: ignore[reportArgumentType]
    with pytest.raises(DataError, match="at least half of the distances between the 8 vectors are 0"):
        published_mmd(np.ones((4, 3)), np.ones((4, 3)), "first_100")


def test_a_width_that_is_told_serves_for_copies_too() -> None:
    found = mmd(np.ones((5, 3)), np.zeros((4, 3)), width=1.0, permutations=99)
    assert found.value == pytest.approx(2 - 2 * np.exp(-1.5))
    same = mmd(np.ones((5, 3)), np.ones((4, 3)), width=1.0, permutations=99)
    assert same.value == pytest.approx(0, abs=1e-12)
    assert same.p_value == 1.0
