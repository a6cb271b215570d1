"""Files and folders: places, atomic writes, digests, locks, YAML."""
