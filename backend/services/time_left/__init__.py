"""Progress, remaining work and budget of an experiment."""
