"""Signing in by an OpenID provider: its endpoints, its ID tokens, and the accounts of its people."""
