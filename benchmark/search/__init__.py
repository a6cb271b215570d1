"""Running a study: its plan, its cells and the search within each."""
