"""Figures of costs: of reuse by size and scenario, of compute, and of time."""
