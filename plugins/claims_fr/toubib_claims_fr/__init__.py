"""French health insurance: what it pays of a remote consultation, why, and the draft of the claim."""
