"""Where a server is: a URL that holds no secret, and the key that goes with it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pytest_genx.errors import BadOption


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is; `path` has no slash at its end.

    `chats` is False where the URL names `/completions`: the model is to continue texts, as one
    without a chat template must, whatever template its server puts in the place.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    key: str | None = field(default=None, repr=False)
    chats: bool = True

    @property
    def url(self) -> str:
        """The URL, as errors show it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @property
    def loopback(self) -> bool:
        """Whether requests stay on this machine."""
        name = self.host.lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def endpoint(url: str, key: str | None) -> Endpoint:
    """Read the URL of a server.

    Args:
        url: `http` or `https`, without user, query and fragment; it may go on to the path of
            a request, `/chat/completions` or `/completions`.
        key: sent with each request, if there is one.

    Raises:
        BadOption: the URL is not one of these, or the key cannot stand in a header.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if "@" in url or "?" in url or "#" in url:
        # such a part may be a secret, and is not repeated
        shown = f"{parts.scheme}://{host or ''}..."
        raise BadOption("--genx-server", shown, "a URL without user, password, query and fragment")
    plain = url.isascii() and url.strip().isprintable() and " " not in url.strip()
    if parts.scheme not in {"http", "https"} or not host or not plain:
        raise BadOption("--genx-server", url, "http://HOST:PORT/v1 or https://HOST/v1")
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise BadOption("the API key", "(not shown)", "printable ASCII characters without spaces")
    path = parts.path.rstrip("/")
    base = path.removesuffix("/completions")
    chats = base == path or base.endswith("/chat")
    if base != path:
        base = base.removesuffix("/chat")
    return Endpoint(parts.scheme, host, port, base, key, chats)
