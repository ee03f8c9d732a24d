"""How much a stranger may ask for."""

from pydantic import Field

from acdepth.core.config import Config

MEGABYTE = 1_000_000
OVERHEAD = 10_000
"""Bytes that a form may have beside its files."""


class Limits(Config):
    """What a server takes, and what it answers with a 4xx."""

    megabytes: float = Field(default=20.0, gt=0)
    """Largest image file [MB]; phones write 3 to 12."""
    megapixels: float = Field(default=25.0, gt=0)
    """Largest image [million pixels], by its header, before anything is decoded. A pixel takes some 40 bytes
    while it is worked on."""
    video_megabytes: float = Field(default=100.0, gt=0)
    """Largest video file [MB], on the page alone."""
    video_frames: int = Field(default=900, ge=1)
    """Longest video [frames]: 30 seconds at 30 frames a second."""
    kept_megabytes: float = Field(default=2000.0, gt=0)
    """What visitors sent to the page in the last hour, all files together [MB]."""
    waiting: int = Field(default=64, ge=1)
    """Images that may wait for the network; one more is answered with 429."""
    at_once: int = Field(default=8, ge=1)
    """Images of one size that go through the network together."""
    gather_ms: float = Field(default=4.0, ge=0)
    """How long the first of them waits for others [ms]."""
    answer_seconds: float = Field(default=60.0, gt=0)
    """How long an image may wait for its depth [s]; then the answer is 503."""
    patience_seconds: float = Field(default=1.5, gt=0)
    """How long a request may keep its body back [s], beyond what it has earned by `least_rate`."""
    least_rate: float = Field(default=8192.0, gt=0)
    """Bytes that earn a second more [1/s]: whoever sends slower than this is answered with 408."""
    sessions: int = Field(default=50, ge=1)
    """Open pages whose last image is kept in memory."""

    @property
    def image_bytes(self) -> int:
        """Largest image file [bytes]."""
        return int(self.megabytes * MEGABYTE)

    @property
    def form_bytes(self) -> int:
        """Largest body that holds an image."""
        return self.image_bytes + OVERHEAD

    @property
    def body_bytes(self) -> int:
        """Largest body of all: a file that is sent to the page."""
        return int(max(self.megabytes, self.video_megabytes) * MEGABYTE) + OVERHEAD

    @property
    def kept_bytes(self) -> int:
        """Most bytes of what visitors sent to the page."""
        return int(self.kept_megabytes * MEGABYTE)

    @property
    def pixels(self) -> int:
        """Most pixels of an image."""
        return int(self.megapixels * 1e6)
