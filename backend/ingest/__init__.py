"""Turns an uploaded file into arrays and a manifest, in a child process without database or network."""
