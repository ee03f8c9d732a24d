"""``acdepth serve``: a page and an HTTP endpoint."""

from pathlib import Path
from typing import Annotated, Literal

import tyro


def serve(
    weights: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[PATH ...]", help_behavior_hint="")
    ] = ("shipped",),
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    token: str = "",
    translator: Path | None = None,
    run: Path | None = None,
    limits: Path | None = None,
    device: str = "auto",
    precision: Literal["fp32", "bf16", "auto"] = "fp32",
) -> None:
    """Serve depth on a page and at POST /v1/depth, until Ctrl-C.

    Args:
        weights: PATH or NAME=PATH of checkpoints, or hf:NAME; the first answers where none is named. The
            network that ships if not given.
        host: address to listen at. Only the default keeps other machines out; 0.0.0.0 lets them in.
        port: to listen at.
        token: that requests must bring: Authorization: Bearer TOKEN, or once ?token=TOKEN in a browser.
        translator: adapters as for acdepth translate, or shipped: learnt weather beside the simulated.
        run: folder of a run with report.html, for the tab Results.
        limits: YAML of what is taken at most: megabytes, megapixels, waiting and so on (docs/serve.md).
        device: auto, cpu, cuda, cuda:1 or mps.
        precision: fp32, as measured; bf16, faster where the device computes in it; auto: by the device.
    """
    from tempfile import TemporaryDirectory

    from acdepth.cli.evaluated_models import check_name, name_and_file
    from acdepth.core.progress import say
    from acdepth.inference.predictor import Predictor, load
    from acdepth.serve.app import make_app, read_report
    from acdepth.serve.batching import Batcher
    from acdepth.serve.desk import Desk
    from acdepth.serve.examples import draw_examples
    from acdepth.serve.guard import is_loopback
    from acdepth.serve.limits import Limits
    from acdepth.serve.models import Models
    from acdepth.serve.server import open_server
    from acdepth.serve.shelf import Shelf
    from acdepth.serve.weather_tab import open_translator

    bounds = Limits.read(limits) if limits else Limits()
    report = read_report(run) if run else None
    found: dict[str, Predictor] = {}
    for name, path in map(name_and_file, weights):
        check_name(name, found, f"weights {path}")
        found[name] = load(path, device, precision=precision)
    models = Models(found)
    weather = open_translator(translator, device) if translator else None
    with TemporaryDirectory(prefix="acdepth-") as place, Batcher(bounds) as batcher:
        folder = Path(place)
        say("drawing examples of the built-in world")
        desk = Desk(
            models,
            batcher,
            bounds,
            Shelf(bounds.sessions),
            draw_examples(folder),
            folder,
            weather,
            bool(report),
        )
        server, listening = open_server(make_app(desk, host, token, report), host, port, bounds)
        if not is_loopback(host):
            say(f"--host {host}: everybody on the network can use this{'' if token else '; see --token'}")
        address = f"http://{host}:{listening.getsockname()[1]}/{'?token=TOKEN' if token else ''}"
        say(f"serving {', '.join(models.names)} at {address}; Ctrl-C ends it")
        server.run([listening])
