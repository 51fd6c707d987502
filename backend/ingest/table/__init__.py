"""Tables: encodings, CSV, columns, features and labels."""
