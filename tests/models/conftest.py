"""A hub on loopback: the two requests that pulling makes, and all that can go wrong with them."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

REPOSITORY = "acme/coder-GGUF"


class Hub:
    """What the server has, how it misbehaves, and what it was asked."""

    def __init__(self):
        self.files = {}  # name -> bytes
        self.sums = {}  # name -> another sum than that of the bytes
        self.status, self.code = 200, ""  # of every answer, with the hub's own code
        self.file_status = 200  # of the answer to a request for a file
        self.list = None  # bytes instead of the list of files
        self.sent = None  # the bytes sent at most for one request for a file
        self.ranges = True
        self.elsewhere = None  # the address that a file is redirected to
        self.asked = []  # (path, range, authorization)

    def listing(self):
        siblings = [
            {
                "rfilename": name,
                "size": len(data),
                "blobId": "b",
                "lfs": {
                    "size": len(data),
                    "sha256": self.sums.get(name, hashlib.sha256(data).hexdigest()),
                    "pointerSize": 130,
                },
            }
            for name, data in self.files.items()
        ]
        siblings.append({"rfilename": "README.md", "size": 3, "blobId": "r"})
        return json.dumps({"id": REPOSITORY, "sha": "0" * 40, "siblings": siblings}).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        hub = self.server.hub
        path = self.path.partition("?")[0]
        hub.asked.append((path, self.headers["Range"], self.headers["Authorization"]))
        if hub.status != 200:
            self.answer(hub.status, b"{}", {"X-Error-Code": hub.code} if hub.code else {})
        elif path.startswith("/api/models/"):
            body = hub.listing() if hub.list is None else hub.list
            self.answer(200, body, {"Content-Type": "application/json"})
        elif hub.file_status != 200:
            self.answer(hub.file_status, b"", {})
        elif hub.elsewhere:
            self.answer(302, b"", {"Location": hub.elsewhere + path})
        else:
            self.send_file(hub, hub.files[path.partition("/resolve/")[2].partition("/")[2]])

    def send_file(self, hub, data):
        start = 0
        if self.headers["Range"] and hub.ranges:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        status = 206 if start else 200
        extra = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        body = data[start:]
        self.send_response(status)
        for name, value in {**extra, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body if hub.sent is None else body[: hub.sent])
        self.close_connection = True

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def start_hub():
    """Start hubs on ports of their own; each has its `url`."""
    servers = []

    def start():
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.hub = Hub()
        server.hub.url = f"http://127.0.0.1:{server.server_port}"
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return server.hub

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hub(start_hub, monkeypatch):
    """A hub with one model, that `genx models` asks."""
    pytest.importorskip("httpx2", reason="huggingface_hub 2 is not installed")
    pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    found = start_hub()
    found.files["coder.gguf"] = b"GGUF" + bytes(range(256)) * 400
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    # What is less than that when the connection breaks is lost.
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    return found
