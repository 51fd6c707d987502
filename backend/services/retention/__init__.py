"""Deletion of what is older than the operator keeps it."""
