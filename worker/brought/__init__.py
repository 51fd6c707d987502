"""Models that a user brings, in a process of their own: loaded, traced, measured."""
