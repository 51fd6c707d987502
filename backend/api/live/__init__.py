"""The event stream: one hub for all viewers, and how it ends."""
