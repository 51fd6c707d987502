"""µScope for agents: an MCP server whose tools ask a µScope server through the client."""
