"""Booking: openings, visit reasons, and the bookable starts that follow from them."""

__version__ = "0.1.0"
