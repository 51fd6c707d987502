"""Row `simulated`: sweeps drawn from loss curves whose optimum is known."""
