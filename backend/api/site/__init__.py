"""Pages for people: the product, its documentation, the description of its API."""
