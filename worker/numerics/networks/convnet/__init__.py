"""Convolutional nets: forward passes of both, hand-written derivatives of the two-layer one."""
