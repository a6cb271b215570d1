"""
Loader of MLflow models under its earlier name.

Kept models note this module in their ``MLmodel``; the code is in `models.serving`.
"""

from .models.serving import _load_pyfunc

__all__ = ["_load_pyfunc"]
