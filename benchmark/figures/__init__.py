"""Figures of recorded numbers, for the screen and for papers."""
