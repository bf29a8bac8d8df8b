"""Arithmetic on whole cents. No float ever touches an amount."""


def share_of(amount: int, numerator: int, denominator: int = 100) -> int:
    """`amount * numerator / denominator`, rounded half up, in cents; all arguments are non-negative.

    The official worked example (25.00, 19.06 and 3.00 at 70 % give 17.50, 13.34 and 2.10) rounds each line so.
    """
    return (2 * amount * numerator + denominator) // (2 * denominator)
