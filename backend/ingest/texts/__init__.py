"""Texts: one file, or a folder of them, as windows of bytes."""
