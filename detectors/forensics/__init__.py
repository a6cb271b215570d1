"""Forensic signals that detectors rest on: sensor noise, and the blur that warping a face leaves."""
