"""Auth providers: credential flows that are neither a token, a certificate nor an exec plugin. `oidc` is left of them.

A token that is still good is taken as it stands; otherwise its provider is asked for a new one, which is written back
to the kubeconfig as kubectl does: the old refresh token may be void by then. Not by the `kubernetes` package: its oidc
flow does not check the provider's certificate unless the kubeconfig names a CA, knows no time limits, and needs a
client secret.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from kubectl_rollouts.cluster.errors import ConfigError
from kubectl_rollouts.cluster.urls import quote, split_url
from kubectl_rollouts.errors import Failure

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
    from kubectl_rollouts.cluster.transport import Response

_REMOVED = {
    "azure": "The azure auth plugin has been removed. Please use the https://github.com/Azure/kubelogin "
    "kubectl/client-go credential plugin instead.",
    "gcp": 'The gcp auth plugin has been removed. Please use the "gke-gcloud-auth-plugin" '
    "kubectl/client-go credential plugin instead.",
}
_LEEWAY = 10.0  # seconds that a token must still be good for


def authorization(config: ClusterConfig, *, renew: bool = False) -> str:
    """Return the Authorization header of the user's auth provider; `renew`: what it gave was refused.

    Raises ConfigError.
    """
    provider = config.user.auth_provider
    assert provider is not None
    name = provider.name or ""
    settings = {key: value or "" for key, value in (provider.config or {}).items()}
    if name in _REMOVED:
        raise ConfigError(_REMOVED[name])
    if name != "oidc":
        raise ConfigError(f'no Auth Provider found for name "{name}"')
    for key in ("idp-issuer-url", "client-id"):
        if not settings.get(key):
            raise ConfigError(f"Must provide {key}")
    token = settings.get("id-token", "")
    if token and not renew and token_expiry(token) > time.time() + _LEEWAY:
        return f"Bearer {token}"
    if not settings.get("refresh-token"):
        raise ConfigError("No valid id-token, and cannot refresh without refresh-token")
    try:
        fresh = _renewed(settings)
    except (Failure, ValueError) as error:
        raise ConfigError(f"getting credentials: failed to refresh the oidc token: {error}") from None
    provider.config = {**settings, **fresh}
    _write_back(config, fresh)
    return f"Bearer {fresh['id-token']}"


def token_expiry(token: str) -> float:
    """Return when a JSON web token expires, in epoch seconds; 0 when it does not say."""
    import binascii

    parts = token.split(".")
    if len(parts) != 3:
        return 0.0
    payload = parts[1].replace("-", "+").replace("_", "/")
    try:
        claims = msgspec.json.decode(binascii.a2b_base64(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError):
        return 0.0


def _renewed(settings: dict[str, str]) -> dict[str, str]:
    """Return a new id-token, and the refresh-token to use next. Raises Failure or ValueError."""
    discovery = settings["idp-issuer-url"].rstrip("/") + "/.well-known/openid-configuration"
    endpoint = _field(_ask(settings, "GET", discovery), "token_endpoint")
    if not endpoint:
        raise ValueError("the provider names no token endpoint")
    form = {"grant_type": "refresh_token", "refresh_token": settings["refresh-token"]}
    name, secret = settings["client-id"], settings.get("client-secret", "")
    response: Response | None = None
    if secret:
        import binascii

        pair = f"{quote(name)}:{quote(secret)}".encode()
        basic = "Basic " + binascii.b2a_base64(pair, newline=False).decode()
        response = _ask(settings, "POST", endpoint, form, [("Authorization", basic)])
    if response is None or response.status in (400, 401):  # some want both in the form
        form |= {"client_id": name, **({"client_secret": secret} if secret else {})}
        response = _ask(settings, "POST", endpoint, form)
    token = _field(response, "id_token")
    if not token:
        raise ValueError("the provider's answer has no id_token")
    return {"id-token": token, "refresh-token": _field(response, "refresh_token") or settings["refresh-token"]}


def _ask(
    settings: dict[str, str],
    method: str,
    url: str,
    form: dict[str, str] | None = None,
    headers: list[tuple[str, str]] | None = None,
) -> Response:
    """Send a request to the provider, over TLS with its certificate checked."""
    from kubectl_rollouts.cluster.client import default_user_agent
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig
    from kubectl_rollouts.cluster.kubeconfig_files import unbase64
    from kubectl_rollouts.cluster.requestlog import RequestLog
    from kubectl_rollouts.cluster.transport import Transport

    where = split_url(url)
    if where.scheme != "https":
        raise ValueError("the provider is not reached over https")
    server = ClusterConfig(
        server=where.origin,
        ca_data=unbase64(settings.get("idp-certificate-authority-data")),
        ca_file=settings.get("idp-certificate-authority", ""),
    )
    body = None
    headers = [("Accept", "application/json"), *(headers or [])]
    if form is not None:
        body = "&".join(f"{key}={quote(value)}" for key, value in form.items()).encode()
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    transport = Transport(server, user_agent=default_user_agent(), log=RequestLog())
    try:
        target = url.partition("://")[2]
        target = target[target.index("/") :] if "/" in target else "/"
        return transport.request(method, target.partition("#")[0], headers, body)
    finally:
        transport.close()


def _field(response: Response, name: str) -> str:
    """Return a text of a provider's answer; "" when it is not there. Raises ValueError for a refusal."""
    if response.status != 200:
        raise ValueError(f"the provider answered with status {response.status}")
    try:
        found = msgspec.json.decode(response.body, type=dict[str, Any]).get(name)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ValueError("the provider's answer is not valid JSON") from None
    return found if isinstance(found, str) else ""


def _write_back(config: ClusterConfig, fresh: dict[str, str]) -> None:
    """Put the new tokens into the file that the user stands in; a file that cannot be written stays as it is."""
    import yaml

    from kubectl_rollouts.cluster.go_yaml import load

    for path in config.files:
        try:
            # In place and at one go: a second file could be left behind, with the tokens in it.
            with open(path, "r+b", buffering=0) as file:  # noqa: PTH123
                document = load(file.read())
                entries = [entry for entry in document.get("users") or () if entry.get("name") == config.user_name]
                if not entries:
                    continue
                entries[0]["user"]["auth-provider"]["config"].update(fresh)
                file.seek(0)
                file.truncate(file.write(yaml.safe_dump(document, default_flow_style=False).encode()))
        except (OSError, yaml.YAMLError, ValueError, AttributeError, KeyError, TypeError):
            pass
        return
