"""Facts of the files: format, quality and size, and traces of codecs and resampling; not a look at what a picture shows."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..frequency.bands import Band
from ..pictures.file_facts import CATEGORICAL, VERSION, facts_of_crops
from .kernel import ViewKernel


@dataclass(frozen=True)
class FileFactsView(ViewKernel):
    """
    Facts of the file that a crop is from, float32 (n_crops, n_facts); columns are `pictures.file_facts.FACTS`.

    Facts that a file does not have are `pictures.file_facts.MISSING`; codes of categorical facts have no order.
    """

    name: ClassVar[str] = "file_facts"
    of_files: ClassVar[bool] = True
    version: int = VERSION

    def base(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return facts_of_crops(crops)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(base, categorical=CATEGORICAL)

    def needs_crops(self, band: Band) -> bool:
        return False
