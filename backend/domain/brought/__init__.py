"""Models that a user brings: roles of their tensors, what was measured of them, and what was found."""
