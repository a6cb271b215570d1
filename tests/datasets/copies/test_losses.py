"""What is said of frames without a face: the limit and the sizes, and classes that lose unequally."""

from bandbench.datasets.copies.losses import Losses, frames_without_face, total_losses, unequal_losses


def test_the_sizes_that_were_seen_and_the_limit_are_named() -> None:
    assert frames_without_face(32, 27, [84, 99, 91] * 9, 100) == (
        "no face in 27 of 32 frames: in 27 the largest is of 84 to 99 pixels, the limit is 100 (--min-size 80)"
    )
    assert frames_without_face(2, 1, [90], 100) == (
        "no face in 1 of 2 frames: in 1 the largest is of 90 pixels, the limit is 100 (--min-size 90)"
    )


def test_nothing_is_suggested_for_what_is_tiny_or_unseen() -> None:
    assert frames_without_face(4, 2, [21], 100) == (
        "no face in 2 of 4 frames: in 1 the largest is of 21 pixels, the limit is 100; in 1 none is seen"
    )
    assert frames_without_face(4, 4, [], 64) == "no face of 64 pixels or more in 4 frames"


def test_a_class_that_loses_ten_points_more_is_said() -> None:
    losses = total_losses([(0, Losses(32, 0)), (0, Losses(32, 2)), (1, Losses(32, 27)), (1, Losses(32, 0))])
    assert losses == {0: Losses(64, 2), 1: Losses(64, 27)}
    assert unequal_losses(losses) == "no face in 3 % of the real and 42 % of the fake frames"
    assert unequal_losses({0: Losses(100, 10), 1: Losses(100, 20)}) == ""
    assert unequal_losses({0: Losses(100, 50)}) == "", "one class has nothing to be compared with"
    assert unequal_losses({0: Losses(), 1: Losses(10, 10)}) == ""
