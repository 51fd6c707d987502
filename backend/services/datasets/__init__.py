"""Datasets: storing, reading in a limited child process, samples."""
