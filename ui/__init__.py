"""What people touch: the command line, the page, HTTP and MCP."""
