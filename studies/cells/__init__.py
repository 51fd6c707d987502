"""Cells that a study trains with the product's trainer, their data, and their results on disk."""
