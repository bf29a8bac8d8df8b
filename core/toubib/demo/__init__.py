"""The demonstration: invented people and practices, local doubles, a mailbox page. Never used in production."""
