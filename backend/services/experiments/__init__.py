"""Experiments: creating, listing, cancelling, deleting, and reading what they have stored."""
