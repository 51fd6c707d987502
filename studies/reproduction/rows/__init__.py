"""Claims, one row of the table each: the cells a row trains and the checks it makes."""
