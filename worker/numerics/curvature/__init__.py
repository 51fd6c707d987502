"""Sharpness along training, Adam's preconditioner, and the optional curvature measures."""
