"""Runs of an experiment: those that are sought, one of them with its series, and files of both."""
