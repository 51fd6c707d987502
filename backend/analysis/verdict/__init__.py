"""Rules and what they are applied to: a size, an axis, an arm, a scenario, an experiment."""
