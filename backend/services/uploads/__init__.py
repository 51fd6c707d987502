"""Uploads that arrive in pieces: opening, writing, quotas, removing."""
