"""A strict local double of a sponsor's service, for demonstrations and tests: no real insurer or employer stands behind it.

It answers one question, `POST /entitlements` with exactly `code`, `reference` and `on`, and refuses everything else: a body with more in it is
a mistake that a real service would not forgive either. A reference is answered the same way again, and never for another code.
"""
