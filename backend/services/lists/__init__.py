"""Lists: pages of many things with the few facts that tell them apart; no full definitions."""
