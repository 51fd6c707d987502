"""Experiments: creating, listing, cancelling, deleting, and reading their stored values."""
