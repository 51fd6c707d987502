"""Timings against what people use today. `make bench` runs them; nothing here is a test, nothing is asserted."""
