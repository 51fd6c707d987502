"""From an uploaded file to our arrays and a manifest, inside a child process; no database, no network."""
