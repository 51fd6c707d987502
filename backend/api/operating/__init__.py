"""Operation of the web process: its metrics, and ids of requests in its log."""
