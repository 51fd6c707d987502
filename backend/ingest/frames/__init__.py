"""Typed frames (Parquet, Arrow, JSON) as columns of text."""
