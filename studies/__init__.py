"""Programs that judge the product by experiment; no part of the product imports them."""
