"""NHS and private care in the United Kingdom: nothing to claim, and prescription charges."""
