"""Words of the report: the card's sentences and numbers, from the same catalogue and the same statistics."""
