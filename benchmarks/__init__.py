"""Timings against what people use today, run by `make bench`; nothing here is a test or asserted."""
