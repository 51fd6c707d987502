"""Accounts as rows, and the one place that decides whose rows a visitor sees."""
