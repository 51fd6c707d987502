"""Networks as users write them, parametrized right by hand, and mistakes that are put into them."""
