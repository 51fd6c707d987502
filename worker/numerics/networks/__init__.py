"""Model families, one folder each: forward pass and hand-written derivatives. None imports another."""
