"""Calibration of the verdict against known truth: `make calibrate`."""
