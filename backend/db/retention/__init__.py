"""Rows that are older than an operator keeps them."""
