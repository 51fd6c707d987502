"""Judgement of experiments, and the outlook and prices added to a verdict."""
