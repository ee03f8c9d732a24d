"""What stands before every address: who may ask, how long a body may take, and what is counted."""

import asyncio
import hmac
import ipaddress
import re
import socket
import time
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acdepth.serve.counts import Counts
from acdepth.serve.limits import Limits

COOKIE = "acdepth_token"
OPEN = ("/healthz",)
"""What is answered without a token: a probe has none."""
COUNTED = ("/v1/depth", "/v1/models", "/healthz", "/metrics", "/docs", "/openapi.json")
LARGEST_HEADERS = 32_768
"""Bytes of a request's headers. What reads them stops there if they come in pieces, and else after 64 kB."""
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
CLOSE = {"Connection": "close"}
"""What may still be in the connection is not read."""
CLOSED_BY_CLIENT = 499
"""What is counted of a request whose sender went away, as nginx does."""
MOST_CREDIT = 30.0
"""[s] that a body may fall silent after it came fast."""


LEAST_WAIT = 0.05
"""[s] in which what has come already is taken, though the server itself was late."""


class TooSlow(HTTPException):
    """A body that does not come; what reads it passes this on as an answer."""

    def __init__(self, limits: Limits) -> None:
        what = f"the request came slower than {limits.least_rate:g} bytes a second"
        super().__init__(HTTPStatus.REQUEST_TIMEOUT, what, CLOSE)


class Guard:
    """ASGI middleware around the whole server.

    Args:
        app: what answers.
        host: that it listens at. Where that is a loopback address, requests under other names are refused, as
            they come from another site whose name was pointed here (DNS rebinding).
        token: that requests must bring; empty for none.
        limits: of bodies.
        counts: of answers.
    """

    def __init__(self, app: ASGIApp, host: str, token: str, limits: Limits, counts: Counts) -> None:
        self.app, self.host, self.token, self.limits, self.counts = app, host, token, limits, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        # The page needs no web sockets; one that is not accepted is closed.

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin, status, ended = time.monotonic(), 0, False
        route = scope["path"] if scope["path"] in COUNTED else "page"

        async def counted(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            else:
                ended = not message.get("more_body", False)
            await send(message)

        try:
            if refused := self._refusal(scope):
                await refused(scope, receive, counted)
            else:
                await self.app(scope, self._hurried(receive), counted)
        except asyncio.CancelledError:  # the server ends while a page is open
            if status and not ended:
                await counted({"type": "http.response.body", "body": b""})
        except ClientDisconnect:
            status = status or CLOSED_BY_CLIENT
        except TooSlow as error:
            if not status:
                await refusal(HTTPStatus.REQUEST_TIMEOUT, error.detail)(scope, receive, counted)
        finally:
            self.counts.add(route, status or 500, time.monotonic() - begin)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS:
            return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long")
        if not self._knows_as_itself(headers.get("host", "")):
            return refusal(HTTPStatus.FORBIDDEN, "this server is known under another name")
        if not self.token or scope["path"] in OPEN:
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if self._is_token(query.pop("token", [""])[0]):
            return self._keeping_token(scope["path"], query)
        cookie = _cookies(headers.get("cookie", "")).get(COOKIE, "")
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if self._is_token(cookie) or self._is_token(bearer):
            return None
        what = "a token is needed: in the header Authorization: Bearer TOKEN, or once as ?token=TOKEN"
        return refusal(HTTPStatus.UNAUTHORIZED, what, {"WWW-Authenticate": "Bearer"})

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _keeping_token(self, path: str, query: dict[str, list[str]]) -> Response:
        """A browser keeps the token in a cookie, so that it stands in no address any longer."""
        path = "/" + path.lstrip("/\\")  # //other.site would lead there
        rest = f"?{urlencode(query, doseq=True)}" if query else ""
        response = RedirectResponse(path + rest, HTTPStatus.SEE_OTHER)
        response.set_cookie(COOKIE, self.token, httponly=True, samesite="strict")
        return response

    def _knows_as_itself(self, host: str) -> bool:
        """As ``acdepth rate``: addresses are believed, names only if they are ours."""
        if not re.fullmatch(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", host):
            return False
        name = re.sub(r":\d+$", "", host).strip("[]")
        if is_loopback(self.host):
            return is_loopback(name)
        machine = socket.gethostname().casefold()
        own = {"localhost", self.host.casefold(), machine, f"{machine}.local"}
        # A token makes any name safe, such as that of a proxy before this server.
        return bool(self.token) or name.casefold() in own or _address(name) is not None

    def _hurried(self, receive: Receive) -> Receive:
        """``receive`` that gives a body only so much time as its bytes have earned."""
        begin, got, whole = time.monotonic(), 0, False

        async def hurried() -> Message:
            nonlocal got, whole
            if whole:  # nothing but the end of the connection follows
                return await receive()
            earned = begin + self.limits.patience_seconds + got / self.limits.least_rate
            left = min(earned - time.monotonic(), MOST_CREDIT)
            try:
                message = await asyncio.wait_for(receive(), max(left, LEAST_WAIT))
            except TimeoutError as error:
                raise TooSlow(self.limits) from error
            got += len(message.get("body", b""))
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return hurried


def refusal(status: HTTPStatus, what: str, headers: dict[str, str] | None = None) -> Response:
    """What is answered to a request that is not passed on."""
    return JSONResponse({"error": what}, status, {**CLOSE, **(headers or {})})


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def is_loopback(name: str) -> bool:
    """Whether what listens under this name is heard on this machine alone."""
    address = _address(name)
    return name.casefold() == "localhost" or (address is not None and address.is_loopback)
