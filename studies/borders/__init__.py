"""Borders of divergence and best learning rates of optimizers whose default windows are not from sweeps."""
