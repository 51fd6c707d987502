"""NumPy files: arrays under the names people give them, as images or as a table."""
