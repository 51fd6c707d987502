"""Evidence of experiments, from rows to arrays, for verdicts, figures and the protocol."""
