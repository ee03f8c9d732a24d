"""The page's server: a handful of fixed addresses, and nothing of the disk behind them."""

import ipaddress
import json
import os
import re
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acdepth.core.errors import UserError
from acdepth.rating.panel import Panel, Refused
from acdepth.rating.pictures import Kind

LARGEST_BODY = 4096
"""Bytes; a vote has some two hundred."""
PATIENCE = 30.0
"""Seconds that a connection may say nothing."""
MOST_CONNECTIONS = 64
"""At a time, each of which has a thread; a browser opens up to six."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; script-src 'self'; "
    "style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class File:
    """Something that is served as it is."""

    kind: str
    """MIME type."""
    content: bytes


class RatingServer(ThreadingHTTPServer):
    """Serves the page, the images by their random names, and takes votes.

    Args:
        panel: who has rated what.
        images: JPEG of each image, by its random name.
        page: the page and what it is made of, by address, ``/`` among them.
        host: address or name to listen at; only a loopback address keeps other machines out.
        port: 0 takes any that is free.

    Raises:
        UserError: if it cannot listen there.
    """

    daemon_threads = True
    # On Windows it would let two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(
        self, panel: Panel, images: Mapping[str, bytes], page: Mapping[str, File], host: str, port: int
    ) -> None:
        self.panel, self.host = panel, host
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        pictures = {f"/image/{token}": File("image/jpeg", image) for token, image in images.items()}
        self.files = {**page, **pictures}
        try:
            self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            super().__init__((host, port), _Answer)
        except (OSError, OverflowError) as error:
            what = f"cannot listen there ({getattr(error, 'strerror', None) or error})"
            remedy = "choose another --port, or 0 for any that is free"
            raise UserError(f"--host {host} --port {port}", what, remedy) from error

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand a connection to a thread of its own, or close it where there are too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer until the browser goes."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    @property
    def address(self) -> str:
        """What to open in a browser."""
        name = socket.gethostname() if self.host in ("0.0.0.0", "::") else self.host
        return f"http://{f'[{name}]' if ':' in name else name}:{self.server_address[1]}/"

    @property
    def is_local(self) -> bool:
        """Whether it listens to this machine alone."""
        return is_loopback(self.host)

    def knows_as_itself(self, name: str) -> bool:
        """Whether a browser may have come here by this name.

        Another site whose name was pointed at this machine (DNS rebinding) comes by a name, never by an
        address, so addresses are believed.
        """
        if self.is_local:
            return is_loopback(name)
        machine = socket.gethostname().casefold()
        own = {"localhost", self.host.casefold(), machine, f"{machine}.local"}
        return name.casefold() in own or _address(name) is not None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle is no error of ours."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Asked(BaseModel):
    """What the page sends with each request."""

    model_config = ConfigDict(strict=True)

    rater: str
    secret: str = Field(default="", max_length=128)


class _Cast(_Asked):
    image: str
    vote: Kind
    seconds: float = Field(ge=0, allow_inf_nan=False)


class _Answer(BaseHTTPRequestHandler):
    server: RatingServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "acdepth", ""
    timeout = PATIENCE
    # Else an answer's end waits for the receipt of its beginning, some 40 ms.
    disable_nagle_algorithm = True

    def parse_request(self) -> bool:
        """Also refuse a browser that was not asked for this machine by a name of its own."""
        if not super().parse_request():
            return False
        known = self.server.knows_as_itself(re.sub(r":\d+$", "", self._host).strip("[]"))
        if not known:
            self._refuse(HTTPStatus.FORBIDDEN, "this page is served under another name")
        return known

    def do_GET(self) -> None:
        """The page, its parts, an image, or how many images there are."""
        path = self.path.partition("?")[0]  # links that are passed on gather questions
        if path == "/about":
            self._send_json(HTTPStatus.OK, {"of": self.server.panel.size})
        elif path in self.server.files:
            file = self.server.files[path]
            self._send(HTTPStatus.OK, file.kind, file.content)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such thing here")

    def do_POST(self) -> None:
        """Join, vote, undo."""
        try:
            self._send_json(HTTPStatus.OK, self._act(self._body()))
        except ValidationError as error:
            wrong = error.errors()[0]
            self._refuse(HTTPStatus.BAD_REQUEST, ": ".join([*map(str, wrong["loc"]), wrong["msg"]]))
        except OverflowError:
            self._refuse(HTTPStatus.BAD_REQUEST, "a number is too large")
        except Refused as error:
            self._refuse(error.status, str(error))
        except UserError as error:
            print(f"acdepth rate: {error}", flush=True)
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, "the vote could not be saved; tell who runs this")

    def _act(self, body: bytes) -> dict[str, Any]:
        panel = self.server.panel
        match self.path:
            case "/join":
                asked = _Asked.model_validate_json(body)
                return panel.join(asked.rater, asked.secret)
            case "/vote":
                cast = _Cast.model_validate_json(body)
                return panel.vote(cast.rater, cast.secret, cast.image, cast.vote, cast.seconds)
            case "/undo":
                asked = _Asked.model_validate_json(body)
                return panel.undo(asked.rater, asked.secret)
        raise Refused("there is no such thing here", HTTPStatus.NOT_FOUND)

    @property
    def _host(self) -> str:
        """Name and port that the browser was asked for; nothing where they are malformed."""
        host = self.headers.get("Host", "")
        return host if re.fullmatch(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", host) else ""

    def _body(self) -> bytes:
        """The JSON that was sent."""
        # A page of another site may make a browser send this, but not in its own name, and not as JSON.
        if self.headers.get("Origin", "") not in (f"http://{self._host}", f"https://{self._host}"):
            raise Refused("only the page itself may send this", HTTPStatus.FORBIDDEN)
        if self.headers.get_content_type() != "application/json":
            raise Refused("send JSON", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,9}", length):
            raise Refused("say how long it is", HTTPStatus.LENGTH_REQUIRED)
        if int(length) > LARGEST_BODY:
            raise Refused(f"send at most {LARGEST_BODY} bytes", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.rfile.read(int(length))

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        # What may still be in the connection is not read, so nothing else can come through it.
        self.close_connection = True
        self._send_json(status, {"error": why})

    def _send_json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        lines = {"Content-Type": kind, "Content-Length": str(len(content)), **HEADERS}
        lines |= {"Connection": "close"} if self.close_connection else {}
        for name, value in lines.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing per request: the terminal is for what somebody must know."""


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def is_loopback(name: str) -> bool:
    """Whether what listens under this name is heard on this machine alone."""
    address = _address(name)
    return name.casefold() == "localhost" or (address is not None and address.is_loopback)
