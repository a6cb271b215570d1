"""Recorded rows to table."""
