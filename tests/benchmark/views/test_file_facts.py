"""The view of crops that come from no file; the one of files is tested with the chunks that hold it."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.pictures.file_facts import CATEGORICAL, FACTS, facts_of_crops
from bandbench.benchmark.views import view_kernel
from conftest import noise_picture

CROPS = np.stack([noise_picture(seed, 48) for seed in range(4)])


def test_columns_are_the_facts_and_bands_are_refused() -> None:
    kernel = view_kernel(ViewSpec("file_facts"))
    view = kernel.from_crops(CROPS, Band())
    assert view.values.shape == (4, len(FACTS)) and view.categorical == CATEGORICAL
    np.testing.assert_array_equal(view.values, facts_of_crops(CROPS))
    assert view[:2].categorical == CATEGORICAL
    with pytest.raises(StudyError, match="use mode pixels"):
        kernel.features(view.values, (48, 48), Band("low", 0.2))
