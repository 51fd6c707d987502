"""Low-rank adapters on a brought network whose own weights are frozen."""
