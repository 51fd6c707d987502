"""Declarations that a verdict is judged by: loss and unit that decide, seeds to add, limits of the rules."""
