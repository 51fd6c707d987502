"""Rows of what is known of machines: their workers, measured speeds, and paces."""
