"""Steps of optimizers for stacked runs, in effective learning rates."""
