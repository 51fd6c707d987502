"""Spec of an experiment and the values it consists of; imports no other package of the domain."""
