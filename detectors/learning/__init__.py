"""Learning that several detectors share: solvers of small fits, networks, probes of embeddings, checkpoints."""
