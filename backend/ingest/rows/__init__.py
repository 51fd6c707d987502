"""Tables read as they are, every cell as text, for readers that interpret the cells themselves."""
