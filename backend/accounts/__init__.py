"""Rules of accounts, without a database and without a clock: roles, scopes, passwords, secrets, lifetimes."""
