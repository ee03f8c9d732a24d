"""A hub on this machine: what huggingface_hub's own client asks when it publishes and fetches a model."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants


class Hub:
    """Repositories as lists of commits; each is all its files, and what was asked of it."""

    def __init__(self) -> None:
        self.commits: dict[str, list[dict[str, bytes]]] = {}
        self.private: dict[str, bool] = {}
        self.fetched: set[str] = set()

    def commit_id(self, name: str, number: int) -> str:
        return hashlib.sha1(f"{name} {number}".encode()).hexdigest()

    def find(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit and its files."""
        for number, files in reversed(list(enumerate(self.commits.get(name, [])))):
            commit = self.commit_id(name, number)
            if revision in ("main", commit):
                return commit, files
        return None


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.hub.commits.setdefault(name, [])
            self.hub.private[name] = asked.get("visibility") == "private"
            self._json({"url": f"http://{self.headers['Host']}/{name}"})
        elif self.path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif re.match(r"/api/models/.+/preupload/", self.path):
            files = [one["path"] for one in json.loads(body)["files"]]
            told = [{"path": one, "uploadMode": "regular", "shouldIgnore": False} for one in files]
            self._json({"files": told})
        elif asked := re.match(r"/api/models/(.+)/commit/main", self.path):
            self._commit(asked[1], body)
        else:
            self._missing()

    def _commit(self, name: str, body: bytes) -> None:
        commits = self.hub.commits[name]
        files = dict(commits[-1]) if commits else {}
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                files.pop(line["value"]["path"])
        commits.append(files)
        commit = self.hub.commit_id(name, len(commits) - 1)
        address = f"http://{self.headers['Host']}/{name}/commit/{commit}"
        self._json({"success": True, "commitOid": commit, "commitUrl": address})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        asked = re.match(r"/api/models/([^/]+/[^/]+)/(revision|tree)/([^/]+)", path) or re.match(
            r"/api/models/([^/]+/[^/]+)()()$", path
        )
        if asked:
            found = self.hub.find(asked[1], asked[3] or "main")
            if found is None and not self.hub.commits.get(asked[1], [{}]):
                found = "0" * 40, {}  # made, and nothing was put there yet
            if found is None:
                self._missing()
            elif asked[2] == "tree":
                self._json([_entry(name, content) for name, content in found[1].items()])
            else:
                names = [{"rfilename": name} for name in found[1]]
                self._json({"id": asked[1], "sha": found[0], "siblings": names})
            return
        asked = re.match(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        found = self.hub.find(asked[1], asked[2]) if asked else None
        if asked is None or found is None or asked[3] not in found[1]:
            self._missing()
            return
        if self.command == "GET":
            self.hub.fetched.add(asked[3])
        content = found[1][asked[3]]
        told = {"ETag": f'"{_oid(content)}"', constants.HUGGINGFACE_HEADER_X_REPO_COMMIT: found[0]}
        self._answer(content, "application/octet-stream", told)

    def _json(self, content: object) -> None:
        self._answer(json.dumps(content).encode(), "application/json")

    def _missing(self) -> None:
        self._answer(b"{}", "application/json", {"X-Error-Code": "RepoNotFound"}, 404)

    def _answer(self, content: bytes, kind: str, more: dict[str, str] = {}, status: int = 200) -> None:  # noqa: B006
        self.send_response(status)
        told = {"Content-Type": kind, "Content-Length": str(len(content))}
        for name, value in {**told, **more}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _entry(name: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": name, "size": len(content), "oid": _oid(content)}


@contextmanager
def hub_standin(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Iterator[Hub]:
    """The hub that huggingface_hub talks to in this process, with a cache of its own."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
