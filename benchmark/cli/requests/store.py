"""Options of ``bench sync``."""

from dataclasses import dataclass
from typing import Annotated

import typer


@dataclass(frozen=True)
class SyncRequest:
    """Options of ``bench sync``."""

    discard: Annotated[
        str | None, typer.Option(metavar="URI", help="Delete the results that wait for this store, which will never answer.")
    ] = None
