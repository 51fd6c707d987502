"""Connection to the database: its address, transactions, and the causes of an outage."""
