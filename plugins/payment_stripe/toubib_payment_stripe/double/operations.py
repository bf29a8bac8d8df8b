"""Every operation the double implements, with the parameters it really heeds.

A parameter that the SDK knows and this table does not is refused by name: silently ignoring it would be a lie.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from toubib_payment_stripe.double import accounts, cardholder, checkout, intents, listings, refunds, setups
from toubib_payment_stripe.double.params import Shape, paths, shape
from toubib_payment_stripe.double.wire import ApiError
from toubib_payment_stripe.double.world import Scope

Json = dict[str, Any]
Handler = Callable[[Scope, str, Json], Json]


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb on one path; `heeds` are dotted names, each with all that is below it."""

    method: str
    path: str
    schema: str
    handler: Handler
    heeds: frozenset[str]

    @property
    def shape(self) -> Shape:
        """What the SDK allows here: `module:Class`."""
        return _shape(self.schema)

    def check(self, given: Mapping[str, Any]) -> Json:
        """The request's parameters, typed; raises `ApiError` for what Stripe or the double refuses."""
        values = self.shape.check(given)
        for path in paths(values):
            if not any(f"{path}.".startswith(f"{name}.") or name.startswith(f"{path}.") for name in self.heeds):
                message = f"The local double does not implement `{path}` here; Stripe does."
                raise ApiError(501, "api_error", message, code="double_not_implemented", param=path)
        return values


@cache
def _shape(schema: str) -> Shape:
    module, table = schema.split(":")
    return shape(module, table)


def lister(kind: str) -> Handler:
    """`GET` on a collection: a page of it, newest first."""

    def listing(scope: Scope, _ref: str, params: Json) -> Json:
        return listings.page(scope, kind, params)

    return listing


def reader(kind: str) -> Handler:
    """`GET` of one object."""

    def read(scope: Scope, ref: str, _params: Json) -> Json:
        return scope.get(kind, ref).body

    return read


_INTENT = "amount currency customer description receipt_email setup_future_usage statement_descriptor_suffix capture_method metadata"
_CONFIRM = "confirm payment_method off_session return_url allowed_payment_method_types"
_SESSION = (
    "mode success_url cancel_url client_reference_id customer customer_email customer_creation locale submit_type expires_at metadata ui_mode currency "
    "allowed_payment_method_types branding_settings.display_name "
    "line_items.quantity line_items.price_data.currency line_items.price_data.unit_amount "
    "line_items.price_data.product_data.name line_items.price_data.product_data.description "
    "payment_intent_data.capture_method payment_intent_data.description payment_intent_data.metadata payment_intent_data.receipt_email "
    "payment_intent_data.setup_future_usage payment_intent_data.statement_descriptor_suffix setup_intent_data.metadata setup_intent_data.description"
)
_CAPTURE = "amount_to_capture metadata"
_PAGE = "limit starting_after ending_before created"

_CUSTOMER = "name email description phone preferred_locales metadata"
_BOOK = f"{_PAGE} type source currency"

TABLE = (
    ("POST", "payment_intents", "_payment_intent_create_params:PaymentIntentCreateParams", intents.create, f"{_INTENT} {_CONFIRM}"),
    ("GET", "payment_intents", "_payment_intent_list_params:PaymentIntentListParams", lister("payment_intent"), f"{_PAGE} customer"),
    ("GET", "payment_intents/{id}", "_payment_intent_retrieve_params:PaymentIntentRetrieveParams", intents.retrieve, ""),
    ("POST", "payment_intents/{id}/confirm", "_payment_intent_confirm_params:PaymentIntentConfirmParams", intents.confirm, _CONFIRM),
    ("POST", "payment_intents/{id}/capture", "_payment_intent_capture_params:PaymentIntentCaptureParams", intents.capture, _CAPTURE),
    ("POST", "payment_intents/{id}/cancel", "_payment_intent_cancel_params:PaymentIntentCancelParams", intents.cancel, "cancellation_reason"),
    ("GET", "charges", "_charge_list_params:ChargeListParams", lister("charge"), f"{_PAGE} payment_intent customer"),
    ("GET", "charges/{id}", "_charge_retrieve_params:ChargeRetrieveParams", reader("charge"), ""),
    ("POST", "refunds", "_refund_create_params:RefundCreateParams", refunds.create, "amount charge payment_intent reason metadata"),
    ("GET", "refunds", "_refund_list_params:RefundListParams", lister("refund"), f"{_PAGE} payment_intent charge"),
    ("GET", "refunds/{id}", "_refund_retrieve_params:RefundRetrieveParams", refunds.retrieve, ""),
    ("POST", "customers", "_customer_create_params:CustomerCreateParams", cardholder.create_customer, _CUSTOMER),
    ("GET", "customers", "_customer_list_params:CustomerListParams", lister("customer"), f"{_PAGE} email"),
    ("GET", "customers/{id}", "_customer_retrieve_params:CustomerRetrieveParams", reader("customer"), ""),
    ("DELETE", "customers/{id}", "_customer_delete_params:CustomerDeleteParams", cardholder.delete_customer, ""),
    ("POST", "payment_methods", "_payment_method_create_params:PaymentMethodCreateParams", cardholder.create_method, "type card.token"),
    ("GET", "payment_methods", "_payment_method_list_params:PaymentMethodListParams", lister("payment_method"), f"{_PAGE} customer type"),
    ("GET", "payment_methods/{id}", "_payment_method_retrieve_params:PaymentMethodRetrieveParams", reader("payment_method"), ""),
    ("POST", "payment_methods/{id}/attach", "_payment_method_attach_params:PaymentMethodAttachParams", cardholder.attach, "customer"),
    ("POST", "payment_methods/{id}/detach", "_payment_method_detach_params:PaymentMethodDetachParams", cardholder.detach, ""),
    ("POST", "setup_intents", "_setup_intent_create_params:SetupIntentCreateParams", setups.create, f"customer description metadata usage {_CONFIRM}"),
    ("GET", "setup_intents/{id}", "_setup_intent_retrieve_params:SetupIntentRetrieveParams", setups.retrieve, ""),
    ("POST", "setup_intents/{id}/confirm", "_setup_intent_confirm_params:SetupIntentConfirmParams", setups.confirm, "payment_method return_url"),
    ("POST", "setup_intents/{id}/cancel", "_setup_intent_cancel_params:SetupIntentCancelParams", setups.cancel, "cancellation_reason"),
    ("POST", "checkout/sessions", "checkout/_session_create_params:SessionCreateParams", checkout.create, _SESSION),
    ("GET", "checkout/sessions", "checkout/_session_list_params:SessionListParams", lister("checkout.session"), f"{_PAGE} payment_intent customer status"),
    ("GET", "checkout/sessions/{id}", "checkout/_session_retrieve_params:SessionRetrieveParams", checkout.retrieve, ""),
    ("POST", "checkout/sessions/{id}/expire", "checkout/_session_expire_params:SessionExpireParams", checkout.expire, ""),
    ("GET", "balance_transactions", "_balance_transaction_list_params:BalanceTransactionListParams", lister("balance_transaction"), _BOOK),
    ("GET", "balance_transactions/{id}", "_balance_transaction_retrieve_params:BalanceTransactionRetrieveParams", reader("balance_transaction"), ""),
    ("GET", "accounts", "_account_list_params:AccountListParams", accounts.listing, "limit"),
    ("GET", "events", "_event_list_params:EventListParams", lister("event"), f"{_PAGE} type"),
    ("GET", "events/{id}", "_event_retrieve_params:EventRetrieveParams", reader("event"), ""),
)
OPERATIONS = tuple(
    Operation(method, path, schema, handler, frozenset(heeds.split()) | {"expand"}) for method, path, schema, handler, heeds in TABLE
)


def find(method: str, path: str) -> tuple[Operation, str] | None:
    """The operation for a request and the id in its path; None when the double has none."""
    for operation in OPERATIONS:
        found = re.fullmatch(operation.path.replace("{id}", "([^/]+)"), path)
        if found and operation.method == method:
            return operation, found.group(1) if found.groups() else ""
    return None
