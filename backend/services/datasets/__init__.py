"""Datasets: storing, reading in a limited child, samples."""
