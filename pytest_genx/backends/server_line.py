"""JSON over HTTP to one server: tries, waits, limits, and one sentence for what goes wrong.

It does not follow redirects and uses no proxy, so that the host that was named is the only one
that gets code and key. The key is in no error: what the server says is shown without it.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from pytest_genx.backends.server_endpoint import Endpoint
from pytest_genx.errors import ServerError

TRIES = 4
FIRST_WAIT = 0.5  # seconds, doubled with each try
LONGEST_WAIT = 30.0  # seconds, whatever the server asks for
CONNECT = 10.0  # seconds
ANSWER = 600.0  # seconds for one answer; a slow machine takes minutes for many samples
MAX_BODY = 64 << 20  # bytes
_MAX_DETAIL = 200  # characters of what a server says
BUSY = frozenset({429, 500, 502, 503, 504})


class Line:
    """Requests to an endpoint, from several threads; `hang_up` ends them all."""

    def __init__(
        self,
        to: Endpoint,
        *,
        wait: Callable[[float], object] | None = None,
        timeout: float = ANSWER,
    ) -> None:
        self._to = to
        self._stop = threading.Event()
        self._hung_up = False
        self._wait = wait or self._stop.wait
        self._timeout = timeout
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()

    def ask(self, path: str, body: Any = None, *, seed: int = 0) -> Any:
        """Send JSON, or fetch with GET if there is none, and return the JSON that comes back.

        Args:
            path: below the URL of the endpoint, with its slash.
            body: what is sent.
            seed: of the jitter between tries.

        Raises:
            ServerError: there is no such answer, after all tries.
        """
        jitter = random.Random(seed)
        for i in range(TRIES):
            last = i == TRIES - 1 or self._stop.is_set()
            wait = FIRST_WAIT * 2**i * jitter.uniform(0.5, 1.5)
            try:
                status, text, after = self._exchange(path, body)
            except (ConnectionResetError, BrokenPipeError, http.client.IncompleteRead) as error:
                if last:
                    raise self._error(_broken(error)) from None
                self._wait(wait)
                continue
            except ConnectionRefusedError:
                raise self._error("nothing listens there (connection refused)") from None
            except TimeoutError:
                raise self._error("it did not answer in time") from None
            except (OSError, http.client.HTTPException) as error:
                raise self._error(self._clean(_failed(error))) from None
            if status == http.HTTPStatus.OK:
                return self._json(text)
            if status not in BUSY or last:
                raise self._refused(status, text, i + 1)
            self._wait(wait if after is None else min(after, LONGEST_WAIT))
        raise AssertionError("unreachable: the last try returns or raises")

    def give_up(self) -> None:
        """Try nothing again; what is under way may end."""
        self._stop.set()

    def hang_up(self) -> None:
        """Break off what is under way."""
        with self._lock:
            self._hung_up = True
            self._stop.set()
            for open_socket in self._sockets:
                try:
                    # that of TLS would pull its state from under the thread that reads
                    socket.socket.shutdown(open_socket, socket.SHUT_RDWR)
                except OSError:
                    continue  # it has ended by itself

    def _exchange(self, path: str, body: Any) -> tuple[int, bytes, float | None]:
        """One request: the status, the body, and the seconds that the server asks to wait."""
        to = self._to
        kind = http.client.HTTPSConnection if to.scheme == "https" else http.client.HTTPConnection
        connection = kind(to.host, to.port, timeout=min(CONNECT, self._timeout))
        data = None if body is None else json.dumps(body).encode()
        method = "GET" if data is None else "POST"
        deadline = time.monotonic() + self._timeout
        own: socket.socket | None = None
        try:
            connection.connect()
            own = connection.sock
            own.settimeout(self._timeout)
            with self._lock:
                if self._hung_up:
                    raise ConnectionAbortedError
                self._sockets.add(own)
            # The headers have no name here: tracebacks may show the values of names.
            connection.request(method, to.path + path, data, _headers(to))
            with connection.getresponse() as response:
                text = _read(response, own, deadline)
                return response.status, text, _seconds(response.getheader("Retry-After"))
        finally:
            if own is not None:
                with self._lock:
                    self._sockets.discard(own)
            connection.close()

    def _json(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            start = self._clean(text.decode(errors="replace"))
            shown = f"; it begins with {start[:40]!r}" if start else ""
            raise self._error(f"its answer is not JSON{shown}") from None

    def _refused(self, status: int, text: bytes, tries: int) -> ServerError:
        """Say what a status means."""
        if status in {401, 403}:
            known = "it refuses the API key" if self._to.key else "it wants an API key"
            said = f"{known} ({status}); set GENX_API_KEY"
        elif status == http.HTTPStatus.NOT_FOUND:
            said = "it knows no such path or model (404); most URLs end in /v1"
        elif status == http.HTTPStatus.TOO_MANY_REQUESTS:
            said = f"it takes no more requests (429), tries: {tries}"
        elif status in BUSY:
            said = f"it failed ({status}), tries: {tries}"
        else:
            said = f"it answered with status {status}"
        detail = self._clean(_detail(text))
        return self._error(f"{said}: {detail}" if detail else said, status)

    def _clean(self, text: str) -> str:
        """Cut what a server says to a line without the key."""
        return _line(text.replace(self._to.key, "***") if self._to.key else text)

    def _error(self, reason: str, status: int = 0) -> ServerError:
        return ServerError(self._to.url, reason, status)


def _read(response: http.client.HTTPResponse, own: socket.socket, deadline: float) -> bytes:
    """Read a body that is whole, not too long, and there before the deadline."""
    parts: list[bytes] = []
    size = 0
    while not response.isclosed():
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        own.settimeout(left)
        part = response.read1(1 << 16)
        if not part:
            break
        parts.append(part)
        size += len(part)
        if size > MAX_BODY:
            raise http.client.HTTPException(f"the answer is longer than {MAX_BODY >> 20} MiB")
    if response.length:  # what the header promised and did not come
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def _broken(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return f"it broke off in the middle of an answer, tries: {TRIES}"
    return f"it closed the connection without an answer, tries: {TRIES}"


def _failed(error: Exception) -> str:
    """Say why a request came to nothing."""
    if isinstance(error, ssl.SSLCertVerificationError):
        known = "SSL_CERT_FILE names a file of certificates to trust"
        return f"its certificate is not trusted ({error.verify_message}); {known}"
    if isinstance(error, ssl.SSLError):
        why = str(error.reason or "broken off").lower().replace("_", " ")
        return f"it does not speak TLS as https:// says ({why})"
    if isinstance(error, socket.gaierror):
        return f"no host of that name is found ({error.strerror})"
    said = str(error.strerror or "") if isinstance(error, OSError) else str(error)
    return f"the request failed: {said or type(error).__name__}"


def _headers(to: Endpoint) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "Connection": "close",
        "Content-Type": "application/json",
    }
    return headers if to.key is None else headers | {"Authorization": f"Bearer {to.key}"}


def _seconds(header: str | None) -> float | None:
    """Read a Retry-After header, a number of seconds or a date; None if it is neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _detail(text: bytes) -> str:
    """Find the message in the body of an error, as the servers put it; "" for none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(said, dict):
            said = said.get(name, said)
    if isinstance(said, list):  # of fields, each with what is wrong with it
        said = json.dumps(said)
    return said if isinstance(said, str) else ""


def _line(text: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())[:_MAX_DETAIL]
