"""Card payment by Stripe Checkout for Toubib, and the strict local double of Stripe that the demo and the tests use."""

__version__ = "0.1.0"
