"""Advice on a table: points to look at before trusting a result, and what can be done about them."""
