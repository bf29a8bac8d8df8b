"""See a practitioner now: hours and capacity told first, a symptom form, a fair queue, and the desk that takes from it."""

__version__ = "0.1.0"
