"""What the demonstration provider answers: metadata, keys, tokens, userinfo; and its pages, each labelled as a demonstration."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, abort, g, jsonify, make_response, redirect, render_template, request, session, url_for
from joserfc import jwt
from joserfc.errors import JoseError
from werkzeug.wrappers import Response as BaseResponse

from toubib.seams import clock, randomness
from toubib_auth_oidc.double import texts
from toubib_auth_oidc.double.grants import claims_of, house
from toubib_auth_oidc.double.houses import SCOPES, House

PACKAGE = Path(__file__).parent.parent
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def pages(houses: Mapping[str, House], server: AuthorizationServer) -> Blueprint:
    """Everything, under the path of each house."""
    made = Blueprint("demonstration", __name__, template_folder=str(PACKAGE / "templates"))
    made.url_value_preprocessor(partial(_find, houses))
    made.add_url_rule("/", "front", lambda: _page("front.html", houses=houses.values()))
    routes: dict[str, tuple[str, Callable[[], Any], list[str]]] = {
        "metadata": ("/.well-known/openid-configuration", _metadata, ["GET"]),
        "jwks": ("/jwks", lambda: jsonify(house().keys.as_dict(private=False)), ["GET"]),
        "authorize": ("/authorize", partial(_authorize, server), ["GET", "POST"]),
        "token": ("/token", server.create_token_response, ["POST"]),
        "userinfo": ("/userinfo", _userinfo, ["GET", "POST"]),
        "end_session": ("/end-session", _end_session, ["GET", "POST"]),
        "people": ("/people", _people, ["GET", "POST"]),
        "control": ("/_control", _control, ["POST"]),
    }
    for name, (path, view, methods) in routes.items():
        made.add_url_rule(f"/<key>{path}", name, view, methods=methods)
    return made


def _find(houses: Mapping[str, House], _endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "key" in values:
        g.auth_oidc_house = houses.get(values.pop("key")) or abort(404)
        if g.auth_oidc_house.down and request.path.rpartition("/")[2] != "_control":
            abort(503)


def _metadata() -> Response:
    endpoints = ("authorization", "token", "userinfo", "end_session")
    stated = {f"{name}_endpoint": f"{house().issuer}/{name.replace('_', '-').replace('authorization', 'authorize')}" for name in endpoints}
    stated |= {"issuer": house().issuer, "jwks_uri": f"{house().issuer}/jwks"}
    abilities = {
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": sorted(SCOPES),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
    }
    return jsonify({**stated, **abilities, **house().lies.get("_metadata", {})})


def _authorize(server: AuthorizationServer) -> BaseResponse:
    """Who are you? Whoever said so before, in this browser, is not asked again."""
    subject = request.form.get("subject") or _remembered()
    somebody = house().present(subject)
    try:
        grant = server.get_consent_grant(end_user=somebody)
    except OAuth2Error as error:
        return make_response(_page("refused.html", reason=str(error.error)), 400)
    if request.form.get("stop"):
        return _back(redirect(_with(grant.redirect_uri, error="access_denied", state=request.args.get("state", ""))))
    if somebody is None:
        present = [p for p in house().people.values() if not p.gone]
        return make_response(_page("choose.html", people=present, to=grant.redirect_uri))
    if request.method == "POST" or not _remembered():
        session[house().key] = [subject, randomness.new_id()]
    g.auth_oidc_sid = session[house().key][1]
    return _back(server.create_authorization_response(grant=grant, grant_user=somebody))


def _remembered() -> str:
    """Whom this browser is at this house; "" when nobody is, or they signed out."""
    subject, sid = session.get(house().key, ("", ""))
    return "" if sid in house().ended else str(subject)


def _back(response: BaseResponse) -> BaseResponse:
    """The answer names its issuer (RFC 9207)."""
    if location := response.headers.get("Location"):
        response.headers["Location"] = _with(location, iss=house().lies.pop("_iss", house().issuer))
    return response


def _with(address: str, **more: str) -> str:
    from authlib.common.urls import add_params_to_uri

    return str(add_params_to_uri(address, list(more.items())))


def _userinfo() -> BaseResponse:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    found = house().access(token) if kind.lower() == "bearer" else None
    if found is None:
        return make_response(jsonify(error="invalid_token"), 401)
    return jsonify({**claims_of(house().people[found.subject]), **house().userinfo_lies})


def _end_session() -> BaseResponse:
    """Forget who is signed in at this house, then go back where the client is known to want it.

    The hint says whose session ends: a browser sends no cookie with a form from another site.
    """
    try:
        hint = jwt.decode(request.values.get("id_token_hint", ""), house().keys, algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        return make_response(_page("refused.html", reason="id_token_hint"), 400)
    house().ended.add(str(hint.get("sid")))
    target = request.values.get("post_logout_redirect_uri", "")
    if target in house().after_sign_out:
        return redirect(target, 303)
    return make_response(_page("signed_out.html"))


def _people() -> BaseResponse:
    """Who belongs to the house; whoever leaves is out of every application within a minute."""
    somebody = house().people.get(request.form.get("subject", ""))
    if request.method == "POST" and somebody:
        somebody.gone = not somebody.gone
        return redirect(url_for("demonstration.people", key=house().key), 303)
    return make_response(_page("people.html", people=house().people.values()))


def _control() -> BaseResponse:
    """For tests: what to lie about, whom to change, whether to be silent; and a signed sign-out to post."""
    given = request.get_json()
    asked = house()
    asked.down = bool(given.get("down", asked.down))
    asked.lies, asked.userinfo_lies = given.get("lies", asked.lies), given.get("userinfo_lies", asked.userinfo_lies)
    for subject, claims in given.get("claims", {}).items():
        asked.people[subject].claims = claims
    for subject, gone in given.get("gone", {}).items():
        asked.people[subject].gone = gone
    return jsonify(logout_token=_logout_token(asked, given["logout"])) if "logout" in given else jsonify(codes=len(asked.codes), tokens=len(asked.tokens))


def _logout_token(asked: House, claims: Mapping[str, Any]) -> str:
    now = int(clock.now().timestamp())
    base = {"iss": asked.issuer, "aud": asked.client.id, "iat": now, "exp": now + 120, "jti": randomness.new_id(), "events": {LOGOUT_EVENT: {}}}
    key = asked.keys.keys[0]
    kind = claims.get("_typ", "logout+jwt")
    return jwt.encode({"alg": "RS256", "kid": key.kid, "typ": kind}, {**base, **{k: v for k, v in claims.items() if k != "_typ"}}, key)


def _page(template: str, **context: Any) -> str:
    language = request.accept_languages.best_match(texts.LANGUAGES) or "en"
    title = house().title if "auth_oidc_house" in g else {}
    named = title.get(language) or next(iter(title.values()), "")
    origins = sorted({f"{urlsplit(u).scheme}://{urlsplit(u).netloc}" for u in (house().client.redirect_uris if "auth_oidc_house" in g else ())})
    targets = " ".join(["'self'", *origins])
    g.auth_oidc_policy = f"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action {targets}"
    return render_template(f"auth_oidc/double/{template}", language=language, _=partial(texts.translate, language), title=named, **context)


def policy(response: Response) -> Response:
    """A page's form leads back to the client, whose address the browser must be allowed to go on to."""
    if "auth_oidc_policy" in g:
        response.headers["Content-Security-Policy"] = g.auth_oidc_policy
    return response
