"""A server on this machine with the few answers of the Hugging Face hub that a fetch asks for."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Server:
    """Files by their path on the server, and what was asked for.

    Attributes:
        files: Path -> content; under ``OWNER/NAME/`` those of a model.
        asked: Lines ``METHOD path [range]``, in order.
        cut: Path -> how many bytes are sent before the connection ends.
        promised: Path -> a sha256 to state instead of the true one.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.cut: dict[str, int] = {}
        self.promised: dict[str, str] = {}

    def model(self, repository: str) -> dict[str, bytes]:
        return {
            path.removeprefix(f"{repository}/"): content
            for path, content in self.files.items()
            if path.startswith(f"{repository}/")
        }

    def entry(self, repository: str, name: str, content: bytes, key: str) -> dict[str, Any]:
        found: dict[str, Any] = {key: name, "size": len(content), "type": "file", "oid": "0" * 40}
        if not name.endswith(".json"):
            digest = hashlib.sha256(content).hexdigest()
            digest = self.promised.get(f"{repository}/{name}", digest)
            found["lfs"] = {"sha256": digest, "oid": digest, "size": len(content)}
            found["lfs"]["pointerSize"] = 134
        return found


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/")
            asked = self.headers.get("Range", "")
            server.asked.append(f"{self.command} {path} {asked}".strip())
            parts = path.split("/")
            if parts[:2] == ["api", "models"]:
                self._api("/".join(parts[2:4]), parts[4], parts[5])
            elif len(parts) > 4 and parts[2] == "resolve":
                self._file("/".join([*parts[:2], *parts[4:]]), asked)
            else:
                self._file(path, asked)

        def _api(self, repository: str, what: str, revision: str) -> None:
            held = server.model(repository)
            if not held:
                return self._error(404, "RepoNotFound")
            if revision not in ("main", COMMIT):
                return self._error(404, "RevisionNotFound")
            key = "rfilename" if what == "revision" else "path"
            found = [server.entry(repository, *item, key) for item in sorted(held.items())]
            told = {"id": repository, "sha": COMMIT, "siblings": found}
            body = json.dumps(told if what == "revision" else found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _file(self, path: str, asked: str) -> None:
            content = server.files.get(path)
            if content is None:
                return self._error(404, "EntryNotFound")
            start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
            self.send_response(206 if asked else 200)
            if asked:
                span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send_header("Content-Range", span)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if self.command == "HEAD":
                return
            end = server.cut.get(path, len(content))
            self.wfile.write(content[start:end])
            if end < len(content):
                self.close_connection = True

        def _error(self, status: int, code: str) -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler


@contextmanager
def serving() -> Iterator[Server]:
    """Serve on a free port until the end of the block."""
    server = Server("")
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.address = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
