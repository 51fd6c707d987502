"""Routes below one experiment: its cells, runs, figures, progress, answer, savings and report."""
