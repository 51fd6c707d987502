"""Vision transformer and byte-level GPT: forward pass, and derivatives written by hand, block by block."""
