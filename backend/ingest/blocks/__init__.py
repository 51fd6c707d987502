"""Arrangement of the cells of a sheet: several tables, names of groups of rows, totals between rows."""
