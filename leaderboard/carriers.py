"""What detectors live on, of all rows of a board: as a list for JSON, and as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..benchmark.domains.names import training
from ..benchmark.results.carriers import CarrierResult, sentences
from ..benchmark.results.rows import Row


@dataclass(frozen=True)
class CarrierLine:
    """
    Carrier of the evidence of one detector, trained on one domain, on one test domain.

    Attributes
    ----------
    row : Row
        First row of its cell.
    result : CarrierResult
    """

    row: Row
    result: CarrierResult

    @property
    def at_home(self) -> bool:
        """True if the test domain is a training domain."""
        return training(self.row.train).is_home(self.result.domain)

    @property
    def sentences(self) -> tuple[str, str]:
        """Two sentences that say what it lives on."""
        return sentences(self.result, self.row.detector, self.row.train)

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        about = {"study": self.row.study, "detector": self.row.detector, "train": training(self.row.train).to_json()}
        return about | {"in_domain": self.at_home} | self.result.to_json() | {"sentences": list(self.sentences)}


def carrier_lines(rows: Sequence[Row]) -> list[CarrierLine]:
    """Return every detector and test domain, training domains together, their own test domain first."""
    lines = [CarrierLine(row, result) for row in rows for result in row.carriers]
    trained = list(dict.fromkeys(line.row.train for line in lines))
    return sorted(
        lines, key=lambda line: (trained.index(line.row.train), not line.at_home, line.result.domain, line.row.detector)
    )
