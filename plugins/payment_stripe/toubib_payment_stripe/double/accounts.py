"""Connected accounts: those named at the start, or those that calls were made for."""

from typing import Any

from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]


def listing(scope: Scope, _ref: str, _params: Json) -> Json:
    """`GET /v1/accounts`, in one page."""
    known = list(scope.world.config.accounts) or scope.store.accounts()
    data = [{"id": account, "object": "account", "business_profile": {"name": scope.world.config.accounts.get(account)}} for account in known]
    return {"object": "list", "url": "/v1/accounts", "has_more": False, "data": data}
