"""Processes of one machine: which ones run, and how they are started, watched, restarted and stopped."""
