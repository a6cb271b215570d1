"""Transfer of detectors and of bands to other domains."""
