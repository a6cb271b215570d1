"""A copy of a data set on a disk: its files, sources, splits and prepared crops."""
