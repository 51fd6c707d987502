"""Eigenvalues, spectra and traces of symmetric matrices known by their products with vectors."""
