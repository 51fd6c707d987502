"""Measures M1-M8 (docs/glossary.md): each compares one larger size with the base."""
