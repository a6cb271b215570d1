"""The reading side of what a study recorded: scores, cell documents, rows and their columns."""
