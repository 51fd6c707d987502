"""The client as coroutines. The room `synchronous` is written from this one: `make client`."""
