"""The writing side of a study: cell folders, keys, notes and figures."""
