"""Rows that start the whole product: its files, lists, report, and what it survives."""
