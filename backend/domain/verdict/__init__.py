"""Values of a verdict: outcome, statistics, reasons, and what is said beyond the measured."""
