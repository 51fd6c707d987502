"""One file per resource; each endpoint fetches its arguments, calls one use case and returns its view."""
