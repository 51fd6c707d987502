"""Attacks on a running product, and searches of its source for what must not be there."""
