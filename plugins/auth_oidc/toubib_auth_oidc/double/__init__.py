"""A demonstration identity provider: Authlib's OpenID Connect server with invented people, labelled as such on every page."""

DEFAULT_PORT = 8096
