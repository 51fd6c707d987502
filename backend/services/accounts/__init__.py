"""Use cases of accounts: who visits, signing in, users, one's own account, the audit log."""
