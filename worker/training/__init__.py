"""Training side of a worker: reads a claimed cell and its data, trains it, stores its windows."""
