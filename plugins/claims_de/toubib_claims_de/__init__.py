"""German reimbursement: points instead of prices, one claim a quarter, limits on video visits."""
