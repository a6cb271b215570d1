"""Rows from scores that somebody brought: read, checked, computed, compared, exported."""
