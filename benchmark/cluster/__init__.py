"""Workers on other machines, through a Dask cluster: the address, the checks at the start, both ends of the work."""
