"""The three doors to the world: one clock, one source of randomness, one network client."""
