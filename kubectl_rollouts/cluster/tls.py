"""TLS settings of a connection: which CAs are trusted, which certificate is shown, which name is expected.

`ssl` is imported here and only for https servers. The context is built by hand: `create_default_context` loads the
system's CAs, 45 ms for nothing when the kubeconfig names its own.
"""

from __future__ import annotations

import os
import ssl

from kubectl_rollouts.cluster.errors import ConfigError


def tls_context(
    *,
    ca_data: bytes = b"",
    ca_file: str = "",
    insecure: bool = False,
    cert_data: bytes = b"",
    cert_file: str = "",
    key_data: bytes = b"",
    key_file: str = "",
) -> ssl.SSLContext:
    """Return the client's TLS context. Data go before files, as in kubectl. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False  # as Go: only subject alternative names count
    context.set_alpn_protocols(["http/1.1"])
    if insecure:
        if ca_data or ca_file:
            raise ConfigError("specifying a root certificates file with the insecure flag is not allowed")
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_data or ca_file:
        _trust(context, ca_data or read_file(ca_file, "certificate-authority"))
    else:
        context.load_default_certs()
    if cert_data or cert_file:
        _show(
            context,
            cert_data or read_file(cert_file, "client-certificate"),
            key_data or read_file(key_file, "client-key"),
        )
    return context


def read_file(path: str, what: str = "") -> bytes:
    """Return a file that the configuration names; raise ConfigError with the reason."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # pathlib is not imported on the hot path
            return file.read()
    except (OSError, ValueError) as error:
        cause = (getattr(error, "strerror", None) or str(error)).lower()
        said = f"unable to read {what} {path}: " if what else ""
        raise ConfigError(f"{said}open {path}: {cause}") from None


def _trust(context: ssl.SSLContext, pem: bytes) -> None:
    """Trust the certificates of a PEM bundle; text around them is no matter, nor are broken ones beside a good one."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    text = pem.decode("latin-1")
    good = False
    for part in text.split(begin)[1:]:
        body, mark, _ = part.partition(end)
        if mark and body.isascii():
            try:
                context.load_verify_locations(cadata=f"{begin}{body}{end}\n")
                good = True
            except (ssl.SSLError, ValueError):
                continue
    if not good:
        raise ConfigError("unable to load root certificates: unable to parse bytes as PEM block")


def _show(context: ssl.SSLContext, cert: bytes, key: bytes) -> None:
    """Load a client certificate without leaving its key in a file that outlives the process."""
    descriptor, path = _scratch(cert.rstrip() + b"\n" + key)
    try:
        # An encrypted key would make OpenSSL ask on the terminal: answer with nothing.
        context.load_cert_chain(path, password=b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        text = "failed to find any PEM data in certificate input"
        if b"-----BEGIN" in cert:
            text = "private key does not match public key"
            if "MISMATCH" not in str(error).upper():
                text = "failed to parse the client certificate or its key"
        raise ConfigError(f"tls: {text}") from None
    finally:
        os.close(descriptor)
        if not path.startswith("/proc/"):
            os.unlink(path)  # noqa: PTH108  # as above


def _scratch(data: bytes) -> tuple[int, str]:
    """Return a descriptor and a path of a file with these bytes: in memory where there is such a thing."""
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        path = f"/proc/self/fd/{descriptor}"
    else:
        import tempfile

        descriptor, path = tempfile.mkstemp()  # mode 0600
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, path


def tls_error(error: OSError, host: str) -> str:
    """Return the reference's text for a failed handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        texts = {
            10: "x509: certificate has expired or is not yet valid",
            9: "x509: certificate has expired or is not yet valid",
            62: f"x509: certificate is not valid for {host}",
            64: f"x509: cannot validate certificate for {host} because it doesn't contain any IP SANs",
        }
        text = texts.get(error.verify_code)
        if text is None:
            text = "x509: certificate signed by unknown authority"
            if error.verify_code not in (2, 18, 19, 20, 21):
                text = f"x509: {error.verify_message}"
        return f"tls: failed to verify certificate: {text}"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "EOF"
    if isinstance(error, ssl.SSLError):
        what = (error.reason or str(error)).replace("_", " ").lower()
        if what in ("wrong version number", "record layer failure", "packet length too long"):
            return "http: server gave HTTP response to HTTPS client"
        if what.startswith(("tlsv1 alert ", "tlsv13 alert ", "sslv3 alert ")):
            alert = what.partition(" alert ")[2]
            return f"remote error: tls: {'unknown certificate authority' if alert == 'unknown ca' else alert}"
        return f"tls: {what}"
    return (error.strerror or str(error) or "EOF").lower()
