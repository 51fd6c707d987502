"""The client as plain calls, written from the room `asynchronous`: `make client`."""
