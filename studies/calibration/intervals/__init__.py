"""Monte Carlo studies of single intervals and tests, each a program of its own."""
