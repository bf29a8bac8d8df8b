"""The wire: Stripe's SDK, its requests carried by the one network client, its errors told in the contract's words."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from toubib.contracts.common import ContractError, Message
from toubib.contracts.payment import ProviderUnavailable
from toubib.seams import network
from toubib_payment_stripe.settings import Settings

logger = logging.getLogger(__name__)
TELLTALE = frozenset({"X-Stripe-Client-User-Agent", "X-Stripe-Client-Telemetry"})
"""Headers of the SDK that describe this machine; Stripe does not need them."""


class SeamTransport(stripe.HTTPClient):
    """The SDK's requests through `toubib.seams.network`: declared hosts only, never inside a unit of work."""

    name = "toubib"

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, *, _usage: list[str] | None = None
    ) -> tuple[str, int, Mapping[str, str]]:
        """One request; silence is `APIConnectionError`, which the core answers by trying again with the same key."""
        kept = {name: value for name, value in (headers or {}).items() if name not in TELLTALE} | {"User-Agent": "Toubib"}
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = network.http_request(method.upper(), url, headers=kept, body=body)
        except network.NetworkUnavailable as error:
            raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
        return answer.body.decode(), answer.status, answer.headers

    def close(self) -> None:
        """Nothing is kept open."""


def connect(settings: Settings) -> stripe.StripeClient:
    """A client for the configured world. It never retries by itself: the core does, with the same key."""
    return stripe.StripeClient(
        settings.secret_key.get_secret_value(), base_addresses={"api": settings.api_base.rstrip("/")}, max_network_retries=0, http_client=SeamTransport()
    )


def options(account: str, key: str | None = None) -> dict[str, Any]:
    """Whose account, and under which idempotency key."""
    found: dict[str, Any] = {"stripe_account": account} if account else {}
    return found | ({"idempotency_key": key} if key else {})


class UnexpectedState(Exception):
    """The object is no longer in the state that the call needs: fetch it and report what is true."""


GONE = frozenset({"payment_intent_unexpected_state", "setup_intent_unexpected_state", "charge_already_refunded"})


@contextmanager
def speaking() -> Iterator[None]:
    """Turn the SDK's errors into the contract's. A refused card (`stripe.CardError`) passes: it is an answer, not a fault."""
    try:
        yield
    except stripe.CardError:
        raise
    except stripe.IdempotencyError as error:
        raise ContractError(Message("payment_stripe", CONFUSED)) from _noted(error)
    except stripe.InvalidRequestError as error:
        if error.code in GONE or "can be expired" in str(error.user_message):
            raise UnexpectedState from error
        raise ContractError(Message("payment_stripe", CONFUSED)) from _noted(error)
    except stripe.StripeError as error:
        raise ProviderUnavailable(type(error).__name__) from _noted(error)


CONFUSED = "The payment service refused the request. Nothing was taken. Try again, or call the practice."


def _noted(error: stripe.StripeError) -> stripe.StripeError:
    """Log what an operator needs and nothing of the payer."""
    param = getattr(error, "param", None)
    logger.warning("stripe refused: %s code=%s param=%s status=%s request=%s", type(error).__name__, error.code, param, error.http_status, error.request_id)
    return error
