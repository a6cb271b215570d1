"""Extensions of Sphinx that build this site: generated parts of pages, and the check of links."""
