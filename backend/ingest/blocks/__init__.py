"""Arrangement of a sheet's cells: several tables below one another or side by side, groups of rows."""
