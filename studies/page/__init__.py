"""Parts of the pages that a study writes: numbers against limits, and figures."""
