"""Parts of the pictures that `procedural` computes."""
