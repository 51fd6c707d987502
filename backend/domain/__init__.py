"""Values and pure functions of the product's language; imports the standard library and pydantic only."""
