"""Report of a judged experiment: one HTML file, and a PDF of the same. Plain values in, a file out."""
