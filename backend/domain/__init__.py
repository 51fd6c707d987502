"""The language of the product: plain values and pure functions, standard library and pydantic only."""
