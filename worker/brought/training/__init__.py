"""Training of a brought network: its forward pass for a stack of runs, its initial weights, its examples."""
