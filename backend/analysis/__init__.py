"""Statistics of what was measured: NumPy in, values out. Knows no database, no web and no figure."""
