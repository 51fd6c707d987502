"""Row `staged`: the staged protocol replayed where the full grid is known."""
