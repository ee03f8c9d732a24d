"""The addresses that programs ask: depth of an image, which models there are, health, numbers."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Literal

import orjson
from fastapi import FastAPI, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as AnyHTTPException

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction
from acdepth.core.version import __version__
from acdepth.inference.predictor import Predictor
from acdepth.serve.batching import Batcher, too_long
from acdepth.serve.counts import TEXT, Counts
from acdepth.serve.limits import Limits
from acdepth.serve.models import Models, camera_asked
from acdepth.serve.reading import Refused, read_upload

Format = Literal["png16", "npy", "json"]
ABOUT = "Depth from one camera. Metres are along the optical axis, images are RGB and upright by their EXIF."
REFUSALS: dict[int | str, dict[str, Any]] = {
    status.value: {"description": what}
    for status, what in {
        HTTPStatus.NOT_FOUND: "no such model",
        HTTPStatus.REQUEST_TIMEOUT: "the body came too slowly",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too many bytes or pixels",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "no image",
        HTTPStatus.UNPROCESSABLE_ENTITY: "a damaged image, or a camera that is none",
        HTTPStatus.TOO_MANY_REQUESTS: "too many images are waiting",
        HTTPStatus.SERVICE_UNAVAILABLE: "the answer took too long",
    }.items()
}


def make_endpoint(models: Models, batcher: Batcher, limits: Limits, counts: Counts) -> FastAPI:
    """The addresses below /v1, /healthz and /metrics, and a page about them at /docs."""
    app = FastAPI(
        title="acdepth",
        description=ABOUT,
        version=__version__,
        redoc_url=None,
        max_body_size=limits.body_bytes,
    )

    @app.post(
        "/v1/depth",
        max_body_size=limits.form_bytes,
        responses={
            200: {"content": {kind: {} for kind in ("image/png", "application/octet-stream")}},
            **REFUSALS,
        },
    )
    async def depth(
        image: Annotated[UploadFile, File(description="JPEG, PNG, WebP or BMP")],
        model: Annotated[str | None, Form(description="a name of /v1/models; the first if not given")] = None,
        format: Annotated[
            Format,
            Form(description="png16: metres * 256 in 16 bit; npy: float32 metres; json: metres, row by row"),
        ] = "png16",
        camera: Annotated[
            str | None, Form(description="JSON of fx, fy, cx, cy, width, height [px], if they are known")
        ] = None,
        fov: Annotated[float | None, Form(description="instead of camera: degrees across the image")] = None,
    ) -> Response:
        """Depth of one image, at its size."""
        predictor = models.find(model)
        pixels = await run_in_threadpool(read_upload, await image.read(), limits)
        seen_by = camera_asked(camera, fov, pixels.shape[:2])
        waiting = batcher.submit(predictor, pixels, seen_by)
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(waiting), limits.answer_seconds)
        except TimeoutError as error:
            raise too_long(limits) from error
        return await run_in_threadpool(_response, found, format, predictor, seen_by)

    @app.get("/v1/models")
    def list_models() -> list[dict[str, Any]]:
        """What is offered, the model that answers where none is named first."""
        return models.describe()

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the server lives."""
        return {"status": "ok"}

    @app.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Numbers for Prometheus."""
        done = {"batches_total": batcher.batches, "images_total": batcher.images, "waiting": batcher.waiting}
        return Response(counts.text(**done), media_type=TEXT)

    _tell_errors(app)
    return app


def _response(found: DepthPrediction, kind: Format, predictor: Predictor, camera: Camera | None) -> Response:
    scale = predictor.describe_scale(camera)
    headers = {
        "X-Depth-Metric": str(found.metric).lower(),
        "X-Depth-Scale": scale.encode("ascii", "replace").decode(),
    }
    if kind == "png16":
        return Response(found.png16(), media_type="image/png", headers=headers)
    if kind == "npy":
        return Response(found.npy(), media_type="application/octet-stream", headers=headers)
    height, width = found.depth.shape
    about = {"height": height, "width": width, "metric": found.metric, "scale": scale}
    content = orjson.dumps({**about, "depth": found.depth.round(3)}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(content, media_type="application/json", headers=headers)


def _tell_errors(app: FastAPI) -> None:
    """Every error is JSON with one line in ``error``."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        again = {"Retry-After": "1"} if error.status in (429, 503) else None
        return JSONResponse({"error": str(error)}, error.status, again)

    @app.exception_handler(UserError)
    async def user_error(request: Request, error: UserError) -> Response:
        return JSONResponse({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)

    @app.exception_handler(AnyHTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return JSONResponse({"error": str(error.detail)}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse({"error": f"{place}: {first['msg']}"}, HTTPStatus.UNPROCESSABLE_ENTITY)
