"""Background work: declared by contract, enqueued in the unit of work, run by the embedded engine."""
