"""
Packages of the distribution, found instead of listed: pyproject.toml holds everything else.

Setuptools can search for packages, but not under a prefix, and every folder here is mounted in the namespace ``bandbench``.
"""

from setuptools import find_packages, setup

FOLDERS = ("benchmark", "datasets", "detectors", "leaderboard", "studies")

setup(
    packages=[f"bandbench.{name}" for name in find_packages(include=[pattern for f in FOLDERS for pattern in (f, f"{f}.*")])],
    package_dir={f"bandbench.{folder}": folder for folder in FOLDERS},
)
