"""Spec of an experiment and the values it is made of; imports no other room of the domain."""
