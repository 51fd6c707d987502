"""Contents of the figures of costs, from verdicts and cells as they are stored."""
