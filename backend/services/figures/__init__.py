"""Figures of an experiment: choices, readers, builds."""
