"""
Packages of the distribution, found instead of listed, and its long description; pyproject.toml holds everything else.

Setuptools can search for packages, but not under a prefix, and every folder here is mounted in the package ``bandbench``, whose
own folder holds the facade alone.
"""

import re
import tomllib
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
FOLDERS = ("api", "benchmark", "datasets", "detectors", "leaderboard", "studies")


def describe(readme: str, source: str = "") -> str:
    """
    Make README.md readable where the files beside it are not: on the page of a package index.

    Parameters
    ----------
    readme : str
        Markdown.
    source : str
        Address of the repository, without a slash at its end. If it is empty, relative links become plain text, and pictures
        a line with their title and file.
    """
    blocks = re.split(r"(^```.*?^```$)", readme, flags=re.DOTALL | re.MULTILINE)
    return "".join(text if text.startswith("```") else _link(text, source) for text in blocks)


def _link(text: str, source: str) -> str:
    """Replace the relative links and pictures of a Markdown text without code blocks."""

    def replace(match: re.Match[str]) -> str:
        mark, title, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match[0]
        if source and not target.startswith("#"):
            return f"{mark}[{title}]({source}/{'raw' if mark else 'blob'}/HEAD/{target})"
        return f"*Picture in {target} of the source archive: {title}.*" if mark else title

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", replace, text)


if __name__ == "__main__":
    found = find_packages(include=[pattern for folder in FOLDERS for pattern in (folder, f"{folder}.*")])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    setup(
        packages=["bandbench", *(f"bandbench.{name}" for name in found)],
        package_dir={"bandbench": "bandbench"} | {f"bandbench.{folder}": folder for folder in FOLDERS},
        long_description=describe((ROOT / "README.md").read_text(), project.get("urls", {}).get("Source", "").rstrip("/")),
        long_description_content_type="text/markdown",
    )
