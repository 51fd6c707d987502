"""Columns and cells of a table of runs, as numbers and levels."""
