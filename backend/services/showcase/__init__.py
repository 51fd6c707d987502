"""The finished experiment that comes with the product, which measured it: opened without training."""
