"""A strict local double of Stripe: a process of its own that the real SDK talks to over HTTP. No card is ever charged.

`python -m toubib_payment_stripe.double --help`, or `start_double()` of `toubib_payment_stripe.double.launcher`.
"""

DEFAULT_PORT = 8098
DEFAULT_SECRET_KEY = "sk_test_toubib_double"  # noqa: S105  it opens a toy on this machine
DEFAULT_WEBHOOK_SECRET = "whsec_toubib_double"  # noqa: S105  as above
