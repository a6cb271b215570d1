"""From domains to features: the one way for studies, training, evaluation and analysis."""
