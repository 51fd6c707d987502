"""Rows that disturb a running stack, with the laboratory that they share."""
