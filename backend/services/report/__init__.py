"""Reports of experiments: gather what was judged, render it, print it."""
