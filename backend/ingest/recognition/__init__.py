"""Recognition of a file's format by its content."""
