"""Spatial frequencies: bands, spectra, transforms and filters."""
