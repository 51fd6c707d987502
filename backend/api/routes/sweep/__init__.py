"""Endpoints of stored sweeps."""
