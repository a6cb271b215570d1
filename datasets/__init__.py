"""One file per data set adapter; a file in this folder is registered by being here."""
