"""Judgement of learning-rate sweeps that others have run: a table in, one answer per arm and axis out."""
