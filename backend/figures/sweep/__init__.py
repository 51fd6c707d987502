"""Figures of sweeps that were run elsewhere: losses, best learning rates, cost of reuse along one axis."""
