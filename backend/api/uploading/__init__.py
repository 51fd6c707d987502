"""Taking in files: raw bodies, pieces by the tus protocol, and how they are read."""
