"""Check of a brought model: a few updates at several widths and seeds, with everything measured."""
