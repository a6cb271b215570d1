"""Python interface: what the commands do, as functions that return records instead of printing."""
