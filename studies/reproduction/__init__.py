"""Claims of the paper, tested at the size of a CPU: `make reproduce`."""
