"""Options of the commands as frozen records, apart from the work: help and completion of values load nothing of the engine."""
