"""Statistics of measured runs: NumPy arrays in, values out; imports no database, web or figure code."""
