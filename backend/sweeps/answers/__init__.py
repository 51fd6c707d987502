"""Answers to a sweep: pairs decided, strata put together, axes and arms."""
