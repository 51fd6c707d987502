"""Use cases, one function each: they load rows, call the domain, and store its results."""
