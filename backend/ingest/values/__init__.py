"""Values in cells: missing ones, numbers, dates and times, in the ways in which people write them."""
