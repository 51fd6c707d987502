"""Rounds of the conductor: expire, cancel, advance, ring."""
