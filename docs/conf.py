"""The site: Sphinx reads this file. ``make docs`` builds it into build/docs, without network."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "bandbench"
author = "the authors of bandbench"
version = release = version_of("bandbench")

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
    "extensions.generated",
    "extensions.site_links",
]
exclude_patterns = ["extensions", "**/.ipynb_checkpoints"]
highlight_language = "none"
templates_path = []

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # notebooks are executed by a test, which keeps their outputs; the site shows these
nb_merge_streams = True

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings state the types, with shapes and units
default_role = "py:obj"
numpydoc_show_class_members = False
copybutton_prompt_text = "$ "

html_theme = "pydata_sphinx_theme"
html_title = "bandbench"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/mark.svg"
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "gallery": [], "not": [], "changes": []}
html_theme_options = {
    "logo": {"text": "bandbench", "image_light": "_static/mark.svg", "image_dark": "_static/mark.svg"},
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_nav_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "back_to_top_button": False,
}
html_context = {"default_mode": "auto"}
copyright = "the authors of bandbench; MIT licence"
