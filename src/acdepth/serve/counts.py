"""What the server has done so far, as Prometheus reads it (text format 0.0.4)."""

import threading
from bisect import bisect_left
from collections import Counter

TEXT = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the histogram's parts [s]."""


class Counts:
    """Requests by route and status, and how long they took; may be called from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._parts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, route: str, status: int, seconds: float) -> None:
        """Count an answer of a ``route``, which is one of a few names, and never what a stranger wrote."""
        with self._lock:
            self._requests[route, status] += 1
            if route == "/v1/depth":
                self._parts[bisect_left(BOUNDS, seconds)] += 1
                self._seconds += seconds

    def text(self, **now: float) -> str:
        """All of it; ``now`` are further numbers by name."""
        with self._lock:
            requests, parts, total = sorted(self._requests.items()), list(self._parts), self._seconds
        lines = [
            "# HELP acdepth_requests_total Answers by route and status.",
            "# TYPE acdepth_requests_total counter",
        ]
        lines += [
            f'acdepth_requests_total{{route="{route}",status="{status}"}} {count}'
            for (route, status), count in requests
        ]
        name = "acdepth_depth_seconds"
        lines += [f"# HELP {name} Time from request to depth.", f"# TYPE {name} histogram"]
        so_far = 0
        for bound, part in zip([*map(str, BOUNDS), "+Inf"], parts, strict=True):
            so_far += part
            lines.append(f'{name}_bucket{{le="{bound}"}} {so_far}')
        lines += [f"{name}_sum {total:.6f}", f"{name}_count {so_far}"]
        for key, value in now.items():
            kind = "counter" if key.endswith("_total") else "gauge"
            lines += [f"# TYPE acdepth_{key} {kind}", f"acdepth_{key} {value:g}"]
        return "\n".join([*lines, ""])
