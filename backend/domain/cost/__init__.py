"""Predicted time, memory and money of cells; time left; savings."""
