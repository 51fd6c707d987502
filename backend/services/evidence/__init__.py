"""Evidence of experiments, from rows to arrays: what verdicts, figures and the protocol read."""
