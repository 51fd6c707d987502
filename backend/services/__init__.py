"""Use cases, one function each: fetch, call the domain, store."""
