"""
Frozen picture encoders: CLIP models of open_clip, and DINO models of transformers.

A model comes from its name (then its library fetches the weights, because somebody named them), from a local path, or with
random weights from its configuration. Nothing is loaded before it is used, and no code is taken from a file.
"""
