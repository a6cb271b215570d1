"""Examination of data before it is trusted."""
