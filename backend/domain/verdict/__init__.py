"""Values of a verdict: outcome, statistics, reasons, and the outlook beyond measured sizes."""
