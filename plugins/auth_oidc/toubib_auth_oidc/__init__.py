"""Sign-in by OpenID Connect: authorization code with PKCE, state and nonce, several providers at once."""

__version__ = "0.1.0"
