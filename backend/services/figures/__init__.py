"""Figures of an experiment: options, readers, builds."""
