"""
Packages of the distribution, found instead of listed: pyproject.toml holds everything else.

Setuptools can search for packages, but not under a prefix, and every folder here is mounted in the package ``bandbench``, whose
own folder holds the facade alone.
"""

from setuptools import find_packages, setup

FOLDERS = ("api", "benchmark", "datasets", "detectors", "leaderboard", "studies")

setup(
    packages=[
        "bandbench",
        *(f"bandbench.{name}" for name in find_packages(include=[pattern for f in FOLDERS for pattern in (f, f"{f}.*")])),
    ],
    package_dir={"bandbench": "bandbench"} | {f"bandbench.{folder}": folder for folder in FOLDERS},
)
