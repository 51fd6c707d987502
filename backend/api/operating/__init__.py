"""What operators see of the web process: metrics, and ids of requests in its log."""
