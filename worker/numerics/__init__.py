"""Stacked training and curvature: pure functions of tensors that know no database, queue or clock."""
