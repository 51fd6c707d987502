"""Judging experiments, and what a verdict is completed by."""
