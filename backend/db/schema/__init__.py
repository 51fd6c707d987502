"""The tables, their column types and their base."""
