"""Rows that others submit as score files."""
