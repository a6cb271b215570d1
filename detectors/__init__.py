"""One file per detector (or per family); a file in this folder is registered by being here."""
