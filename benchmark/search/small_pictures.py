"""Pictures of a study that are smaller than its crop, which a run would leave without a score: found before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..contracts import Item
from ..domains.catalogue import OpenDomain
from ..errors import DataError
from ..pictures.crops import picture_side
from ..records import Plan
from ..reporting import Reporter

MOST_READ = 2000  # pictures of a domain, evenly spread over its list


@dataclass(frozen=True)
class SmallPictures:
    """
    Pictures of one domain that are smaller than the crop.

    Attributes
    ----------
    domain : str
    n, n_read : int
        Small ones, and all whose size was read.
    n_items : int
        Pictures of the domain.
    smallest : int
        Smaller side of the smallest one, in pixels: a crop of this side takes all that were read.
    """

    domain: str
    n: int
    n_read: int
    n_items: int
    smallest: int

    def to_json(self) -> dict[str, int]:
        """JSON form."""
        return {"n": self.n, "n_read": self.n_read, "n_items": self.n_items, "smallest": self.smallest}

    def sentence(self, crop: int) -> str:
        """Say how many are too small for a crop, and which one takes all of them."""
        whole = self.n_read == self.n_items
        read = f"{self.n_items:,} pictures" if whole else f"{self.n_read:,} pictures that were looked at"
        return (
            f"{self.domain}: {self.n:,} of {read} are smaller than the crop of {crop}x{crop} and would have no score; "
            f"--crop {self.smallest} takes all of them."
        )


def small_pictures(plan: Plan, reporter: Reporter) -> list[SmallPictures]:
    """
    List the domains of a plan with pictures that are smaller than its crop, of the first draw.

    Parameters
    ----------
    plan : Plan
    reporter : Reporter
        Shows the progress.

    Notes
    -----
    Pictures that are computed are as large as they are made, and are not looked at; neither are perturbed domains, which show
    the pictures of others, and files that cannot be read.
    """
    domains = {domain.name: domain for domain in plan.opened if not domain.perturbation and domain.replicate == 0}
    read = {name: _spread(domain.items) for name, domain in domains.items() if domain.dataset and not domain.dataset.computed}
    reporter.stage("looking at the sizes of the pictures", sum(map(len, read.values())))
    found = []
    for name, items in read.items():
        sides = [side for item in items if (side := _side(domains[name], item, reporter)) is not None]
        small = [side for side in sides if side < plan.study.crop.side]
        if small:
            found.append(SmallPictures(name, len(small), len(sides), len(domains[name].items), min(small)))
    return found


def _spread(items: Sequence[Item]) -> list[Item]:
    return list(items) if len(items) <= MOST_READ else [items[i * len(items) // MOST_READ] for i in range(MOST_READ)]


def _side(domain: OpenDomain, item: Item, reporter: Reporter) -> int | None:
    """Return the smaller side of a picture in pixels; None where it cannot be read."""
    reporter.advance()
    assert domain.dataset is not None
    try:
        return picture_side(domain.dataset.read(item))
    except (OSError, DataError):
        return None
