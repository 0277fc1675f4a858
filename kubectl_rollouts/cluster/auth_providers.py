"""Auth providers: credential flows that are neither a token, a certificate nor an exec plugin, such as `oidc`.

A token of `oidc` that is still good is taken as it stands. To renew one, and for any other provider, the `kubernetes`
package does the work; it is imported only then (0.5 s). It also writes a renewed token back to the kubeconfig, as
kubectl does: the old refresh token may be void by then.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from kubectl_rollouts.cluster.errors import ConfigError

if TYPE_CHECKING:
    from kubectl_rollouts.cluster.kubeconfig import ClusterConfig

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
    name, settings = provider.name or "", provider.config or {}
    if name in _REMOVED:
        raise ConfigError(_REMOVED[name])
    if name != "oidc":
        raise ConfigError(f'no Auth Provider found for name "{name}"')
    for key in ("idp-issuer-url", "client-id"):
        if not settings.get(key):
            raise ConfigError(f"Must provide {key}")
    token = settings.get("id-token") or ""
    if token and not renew and token_expiry(token) > time.time() + _LEEWAY:
        return f"Bearer {token}"
    if not settings.get("refresh-token"):
        raise ConfigError("No valid id-token, and cannot refresh without refresh-token")
    return _renewed(config)


def token_expiry(token: str) -> float:
    """Return when a JSON web token expires, in epoch seconds; 0 when it does not say."""
    import binascii

    import msgspec

    parts = token.split(".")
    if len(parts) != 3:
        return 0.0
    payload = parts[1].replace("-", "+").replace("_", "/")
    try:
        claims = msgspec.json.decode(binascii.a2b_base64(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError):
        return 0.0


def _renewed(config: ClusterConfig) -> str:
    """Have the kubernetes package renew the token in the files it came from."""
    import kubernetes

    load: Any = kubernetes.config.load_kube_config  # untyped
    answer = kubernetes.client.Configuration()
    before = config.user.auth_provider
    assert before is not None
    old = (before.config or {}).get("id-token") or ""
    try:
        load(
            config_file=os.pathsep.join(config.files),
            context=config.context or None,
            client_configuration=answer,
            persist_config=True,
        )
    except Exception as error:  # of many libraries; none may become a traceback, or show a token
        raise ConfigError(
            f"getting credentials: the oidc token could not be renewed ({type(error).__name__})"
        ) from None
    value = answer.api_key.get("authorization") or ""
    if not value or value.endswith(f" {old}"):
        raise ConfigError("getting credentials: the oidc token has expired and could not be renewed")
    return str(value)
