"""No reimbursement: the patient pays, nothing is claimed."""
