"""Answers of the services, as REST shows them."""
