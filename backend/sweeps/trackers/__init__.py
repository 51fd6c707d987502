"""Runs as trackers keep them: read only, one record a run; each library is an extra of its own."""
