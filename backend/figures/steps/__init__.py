"""Figures over steps: each draws its curves with `step_curves`."""
