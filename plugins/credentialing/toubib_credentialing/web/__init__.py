"""The pages: applying, one's own documents, the reviewers' decisions."""
