"""Rules of the verdict, and their application to a size, an axis, an arm, a scenario and an experiment."""
