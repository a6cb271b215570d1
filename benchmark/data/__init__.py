"""From a copy of a data set, as it was distributed, to items: what is there, which faces are cut out, what is wrong with it."""
