"""The audit trail: rows in the transaction of the effect, chained by one sealer, anchored outside."""
