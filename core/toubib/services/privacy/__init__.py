"""A person's rights over what is held on them: all of it in one archive, and erasure as far as the law allows.

For a page: `exports.ask`, `exports.of_person`, `exports.address`; `erasure.plan` to show what would go and what stays and why,
`erasure.erase` to do it. Each says who must have been checked.
"""
