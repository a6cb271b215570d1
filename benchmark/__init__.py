"""The engine: contracts, bands, spectra, protocol, search and tracking; it knows no particular detector or data set."""
