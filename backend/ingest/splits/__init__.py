"""Ways to divide rows into training and validation, and the columns by which that can be done."""
