"""Swedish reimbursement: what the regions pay of a digital visit, the twelve-month ceiling, and the monthly invoice to each region."""
