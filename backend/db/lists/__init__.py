"""Queries of the lists: filters, orders, pages; each reads the rows of one page and counts all."""
