"""From frames to face crops."""
