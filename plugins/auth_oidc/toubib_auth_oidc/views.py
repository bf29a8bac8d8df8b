"""The plugin's addresses: to a provider, back from it, connecting what was not known, and a provider's own sign-outs."""

from urllib.parse import urlencode

import structlog
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from toubib import i18n
from toubib.contracts.common import ContractError
from toubib.contracts.identity import ActorKind, Audience, ProviderSilent
from toubib.services import external, sessions
from toubib.services.external import NotAllowed
from toubib.web import acting, current_actor, looking, needs, not_found, problem, public, render, webhook
from toubib.web.entry import browser, enter, safe_path, visitor
from toubib.web.shell import say
from toubib_auth_oidc import backchannel, flow, texts
from toubib_auth_oidc.house import OidcHouse
from toubib_auth_oidc.wire import Refusal

log = structlog.get_logger("toubib.auth_oidc")


def blueprint(houses: dict[str, OidcHouse]) -> Blueprint:
    """All addresses under `/auth_oidc/`."""
    made = Blueprint(flow.NAME, __name__)
    _going(made, houses)
    _coming(made, houses)
    _connecting(made, houses)
    _signed_out_there(made, houses)
    return made


def _going(made: Blueprint, houses: dict[str, OidcHouse]) -> None:
    @made.get("/sign-in/<key>")
    @public("leads to an identity provider; the browser that began is the only one that may come back")
    def sign_in(key: str) -> ResponseReturnValue:
        house, target = houses.get(key), safe_path(request.args.get("next", "/"))
        if house is None:
            return not_found()
        try:
            return redirect(flow.begin(house.wire, key, target, visitor()))
        except ProviderSilent as error:
            return _failed(house, texts.SILENT.of(house.title), error, 503, target)
        except Refusal as error:
            return _failed(house, texts.UNBELIEVABLE.of(house.title), error, 400, target)


def _coming(made: Blueprint, houses: dict[str, OidcHouse]) -> None:
    @made.get("/callback/<key>")
    @public("takes a provider's answer, bound by its state to the browser that began")
    def callback(key: str) -> ResponseReturnValue:
        house = houses.get(key)
        if house is None:
            return not_found()
        try:
            under_way = flow.take(key, request.args.get("state", ""), visitor())
        except flow.Over as error:
            return _failed(house, texts.OVER.of(), error, 400)
        try:
            known = flow.ask(house.wire, key, under_way, request.args.to_dict())
        except flow.Stopped as error:
            return _failed(house, texts.STOPPED.of(house.title), error, 400, under_way.return_to)
        except Refusal as error:
            return _failed(house, texts.UNBELIEVABLE.of(house.title), error, 400, under_way.return_to)
        except ProviderSilent as error:
            return _failed(house, texts.SILENT.of(house.title), error, 503, under_way.return_to)
        return _arrive(house, under_way, known)


def _arrive(house: OidcHouse, under_way: flow.UnderWay, known: flow.Known) -> ResponseReturnValue:
    """Open a session; or, for a patient who is signed in or whom nobody knows yet, connect the identity with an account first."""
    actor = current_actor()
    try:
        with acting():
            begun = None
            if house.audience is Audience.STAFF or actor.kind is not ActorKind.USER:
                begun = flow.settle(house.key, known, browser())
            elif external.is_actors(known.vouched):
                external.connect(house.name, known.vouched)
                return redirect(under_way.return_to)
            if begun is None:
                flow.put_by(under_way, known)
            elif actor.session_id:
                sessions.revoke(actor, actor.session_id)
    except NotAllowed as error:
        return _failed(house, (texts.REFUSED.of(house.title)[0], say(error.message)), error, 403, under_way.return_to)
    if begun is None:
        return redirect(url_for(f"{flow.NAME}.connect", attempt_id=under_way.id))
    return enter(begun.token, under_way.return_to)


def _failed(house: OidcHouse, said: tuple[str, str], error: Exception, status: int, target: str = "/") -> ResponseReturnValue:
    """A page that says what happened and leaves every other way in; the reason goes to the log, with nothing of the person."""
    log.warning("sign-in failed", provider=house.name, status=status, reason=f"{type(error).__name__}: {error}" if not isinstance(error, NotAllowed) else "")
    title, what = said
    again = {"label": texts.again(house.title), "href": f"{house.path}?{urlencode({'next': safe_path(target)})}"}
    other = {"label": texts.other_ways(), "href": url_for("account.sign_in", next=safe_path(target)), "kind": "secondary"}
    return problem(status, title, what, kept=texts.kept(), actions=[again, other])


def _connecting(made: Blueprint, houses: dict[str, OidcHouse]) -> None:
    @made.get("/connect/<attempt_id>")
    @public("shown only in the browser that signed in at the provider")
    def connect(attempt_id: str) -> ResponseReturnValue:
        with looking():
            found = flow.waiting(attempt_id, visitor())
        if found is None or found.key not in houses:
            return not_found()
        traits = found.vouched.traits
        house = houses[found.key]
        return render(
            f"{flow.NAME}/connect.html",
            house=i18n.localised(house.title),
            person=" ".join(filter(None, (traits.given_names, traits.family_name))),
            signed_in=current_actor().kind is ActorKind.USER,
            sign_in=url_for("account.sign_in", next=request.path),
            attempt_id=attempt_id,
        )

    @made.post("/connect/<attempt_id>", endpoint="confirm")
    @needs("site.account")
    def confirm(attempt_id: str) -> ResponseReturnValue:
        try:
            with acting():
                found = flow.connect(attempt_id, visitor())
        except ContractError as error:
            title, _what = texts.NOT_CONNECTED.of()
            return problem(409, title, say(error.message), kept=texts.kept())
        return redirect(safe_path(found.return_to)) if found else not_found()


def _signed_out_there(made: Blueprint, houses: dict[str, OidcHouse]) -> None:
    @made.post("/logout/<key>")
    @webhook("a provider's signed sign-out (back-channel)")
    def logout(key: str) -> ResponseReturnValue:
        house = houses.get(key)
        if house is None:
            return {"error": "unknown"}, 404
        try:
            backchannel.sign_out(house, request.form.get("logout_token", ""))
        except (Refusal, ProviderSilent) as error:
            log.warning("back-channel sign-out refused", provider=house.name, reason=f"{type(error).__name__}: {error}")
            return {"error": "invalid_request"}, 400
        return {}
