"""Scaling of initial sizes, forward constants and LRs with depth, and one table of width and depth."""
