"""Measures M1-M8 of the glossary: one size against the base."""
