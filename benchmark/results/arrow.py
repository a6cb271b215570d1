"""Functions of pyarrow on columns. It makes them when it is imported, so that a type checker sees none of them."""

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
