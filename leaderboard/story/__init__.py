"""Sentences about a board, each number of which has its place on it."""
