"""Row `recipes`: which way of training is usual practice, by measurement."""
