"""Sections of the report: from the material to blocks of text, one file a section."""
