"""One policy for pages, sockets and services: may X do Y, and everything X may see. Deny by default."""
