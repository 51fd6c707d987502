"""Rows of the table: each measures ours and a peer, and returns value and goal."""
