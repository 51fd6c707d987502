"""From a request to a spec: presets, defaults, what can run here, and what a plan will take."""
