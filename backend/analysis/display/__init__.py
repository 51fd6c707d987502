"""Statistics that figures show."""
