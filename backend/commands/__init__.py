"""Commands that ask a server: each reads its options, calls the client, and prints an answer."""
