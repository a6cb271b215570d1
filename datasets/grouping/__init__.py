"""Groups of pictures that belong together: declared in a list, or read from names and sub-folders."""
