"""Pictures and videos: decoding, crops, perturbations, look-alikes."""
