"""Statistics as figures show them."""
