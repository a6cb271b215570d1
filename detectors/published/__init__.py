"""Numbers that the authors of detectors published, one module per publication; nothing here changes a score."""
