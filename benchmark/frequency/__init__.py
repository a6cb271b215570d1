"""Bands and the transforms that they act on."""
