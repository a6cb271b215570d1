"""Domains: their names, catalogue, splits and the guard against leaks."""
