"""What background work is called on the administrator's page: a sentence for the core's own, the plugin's title before what a plugin adds."""

from toubib import runtime
from toubib.web.shell import say, text


def _(key: str) -> str:
    """Mark a msgid for extraction."""
    return key


JOBS = {
    "toubib.send_mail": _("Send a mail"),
    "toubib.expire_holds": _("Free the times that nobody booked"),
    "toubib.ask_identity_providers": _("Ask the identity providers who has left"),
    "toubib.lapse_requests": _("End the requests that nobody answered"),
    "toubib.render_prescription": _("Write a prescription's document"),
    "toubib.make_invoice_paper": _("Write an invoice's document"),
    "toubib.assemble_claims": _("Draft the claims of a visit"),
    "toubib.close_claims": _("Close the claims that are settled"),
    "toubib.sweep_blobs": _("Delete files that nothing refers to"),
    "toubib.export_person": _("Gather a person's data"),
    "toubib.sweep_exports": _("Delete exports that are past their time"),
    "toubib.forget_persons": _("Erase what need not be kept any longer"),
    "toubib.sweep_codes": _("Forget codes and tries that are over"),
    "toubib.sweep_bus": _("Clear what the pages told one another"),
    "toubib.seal_audit": _("Seal the audit trail"),
    "toubib.handle_webhook": _("Read what a payment service reports"),
    "toubib.provider_call": _("Give the payment service an order"),
    "toubib.look_at_payments": _("Look after the payments that wait"),
}


def job_words(name: str) -> str:
    """A job's name for people: what it does, or whose it is with the technical name behind it."""
    if name in JOBS:
        return text(JOBS[name])
    owner, _dot, rest = name.removeprefix("observe:").partition(".")
    plugin = runtime.current().registry.plugins.get(owner)
    return f"{say(plugin.info.title)} ({rest})" if plugin else name
