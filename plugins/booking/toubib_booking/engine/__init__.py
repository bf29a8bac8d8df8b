"""The availability engine: pure functions from rules, busy times and the clock to bookable starts.

Instants are counted in *ticks* of five minutes of UTC; a set of ticks is one Python integer. What is offered
and what is accepted come from the same masks, so that they cannot differ.
"""
