"""Numbers from scores and labels, with their intervals."""
