"""Plans: presets, defaults, checks of feasibility, and predicted cost; turns a request into a spec."""
