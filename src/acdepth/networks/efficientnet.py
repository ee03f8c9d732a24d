"""EfficientNet-Lite0 as an encoder of five feature levels: no squeeze-and-excitation, ReLU6, fit for phones
(Tan and Le, ICML 2019; its Lite variant: TensorFlow's TPU models, 2020)."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional as F

STEM = 32
"""Channels behind the first convolution."""
STAGES = (
    # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LEVELS = (0, 2, 4, 10, 15)
"""Blocks after which a level is finished: the last ones at 1/2, 1/4, 1/8, 1/16 and 1/32."""
CHANNELS = (16, 24, 40, 112, 320)
"""Of the five levels."""
HEAD = ("_conv_head.", "_bn1.", "_fc.")
"""Begin the names of the classifier's weights, which nobody uses here."""
# As in TensorFlow, where the ImageNet weights come from.
EPSILON, MOMENTUM = 1e-3, 0.01


class SameConv(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same" does for even sides: with stride 2, more at the end."""

    def __init__(
        self, channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(
            channels_in, channels, kernel, stride, 0 if stride > 1 else kernel // 2, groups=groups, bias=False
        )

    def forward(self, input: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C, H / stride, W / stride)."""
        return self.with_weights(input, self.weight, None)

    def with_weights(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The same with other weights."""
        if self.stride[0] > 1:
            total = self.kernel_size[0] - self.stride[0]
            x = F.pad(x, (total // 2, total - total // 2) * 2)
        return F.conv2d(x, weight, bias, self.stride, self.padding, groups=self.groups)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; a shortcut where input and output have one shape."""

    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.expand_conv: SameConv | None = None
        if expansion > 1:
            self.expand_conv, self.bn0 = SameConv(channels_in, wide, 1), _norm(wide)
        self.depthwise_conv, self.bn1 = SameConv(wide, wide, kernel, stride, wide), _norm(wide)
        self.project_conv, self.bn2 = SameConv(wide, channels, 1), _norm(channels)
        self.has_shortcut = stride == 1 and channels_in == channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C, H / stride, W / stride)."""
        y = x if self.expand_conv is None else F.relu6(_normed(self.expand_conv, self.bn0, x))
        y = F.relu6(_normed(self.depthwise_conv, self.bn1, y))
        y = _normed(self.project_conv, self.bn2, y)
        return x + y if self.has_shortcut else y


class EfficientNetEncoder(nn.Module):
    """EfficientNet-Lite0 without its classifier, for images whose sides are multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = CHANNELS
        self.conv_stem, self.bn0 = SameConv(3, STEM, 3, 2), _norm(STEM)
        self.blocks = nn.ModuleList()
        coming = STEM
        for repeats, kernel, stride, expansion, channels in STAGES:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                self.blocks.append(InvertedResidual(coming, channels, kernel, step, expansion))
                coming = channels
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Five levels (B, C_i, H / 2^(i+1), W / 2^(i+1)) of normalised images (B, 3, H, W)."""
        x, features = F.relu6(_normed(self.conv_stem, self.bn0, image)), []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in LEVELS:
                features.append(x)
        return tuple(features)

    def named_here(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of a file by our names: those of ImageNet files begin each word with an underscore."""
        kept = {name: value for name, value in tensors.items() if not name.startswith(HEAD)}
        return {name.removeprefix("_").replace("._", "."): value for name, value in kept.items()}


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, EPSILON, MOMENTUM)


def _normed(convolution: SameConv, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    """Convolution and normalisation; at rest they are one convolution, which is a third faster to train."""
    if norm.training:
        return norm(convolution(x))
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
    bias = norm.bias - norm.running_mean * scale
    return convolution.with_weights(x, convolution.weight * scale.view(-1, 1, 1, 1), bias)
