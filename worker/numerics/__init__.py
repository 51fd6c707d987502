"""Stacked training and curvature: pure functions of tensors that know no database, queue or clock.

The public entry is `trainer.train(program, data)`. R runs of a cell, which differ in learning rate and seed
only, are one stack: every weight is a tensor [R, n_in, n_out] and every product is batched over R.
"""
