"""Face crops: frames of sources, faces in them, and the preparation of a data set."""
