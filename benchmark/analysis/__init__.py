"""Analyses without a detector: mean spectra and embeddings."""
