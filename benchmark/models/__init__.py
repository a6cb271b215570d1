"""Trained models: fitting, storing, evaluating, scanning and serving them."""
