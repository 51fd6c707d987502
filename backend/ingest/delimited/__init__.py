"""Text tables: encoding, dialect, and records as columns of text."""
