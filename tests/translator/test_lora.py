"""W_after = W + scale * B A, on the layers that img2img-turbo adapts and no other."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from acdepth.core.seeding import make_generator
from acdepth.translator.lora import adapt_unet, adapt_vae, share_weights
from tests.diffusion.tiny import tiny_model

RANK = 3
UNET_LINEAR = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
UNET_CONV = "down_blocks.1.downsamplers.0.conv"
VAE_LINEAR = "encoder.mid_block.attentions.0.to_q"
VAE_CONV = "decoder.up_blocks.0.resnets.0.conv1"


def adapted(name: str) -> Any:
    model = tiny_model()
    return adapt_unet(model.unet, RANK, 0) if name == "unet" else adapt_vae(model.vae, RANK, 0)


def drawn(shape: torch.Size, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=make_generator(seed))


def weight_after(layer: Any, scale: float) -> torch.Tensor:
    """The weight of a layer with its adapter, multiplied out by hand."""
    a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
    if isinstance(layer.base_layer, nn.Conv2d):
        product = torch.einsum("or,rihw->oihw", b[:, :, 0, 0], a)
    else:
        product = torch.stack([sum(b[o, r] * a[r] for r in range(RANK)) for o in range(len(b))])
    return layer.base_layer.weight + scale * product


def call(layer: nn.Module, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    if isinstance(layer, nn.Conv2d):
        return F.conv2d(x, weight, layer.bias, layer.stride, layer.padding)  # pyright: ignore
    return F.linear(x, weight, layer.bias)  # pyright: ignore


@pytest.mark.parametrize(
    ("network", "name", "scale"),
    [("unet", UNET_LINEAR, 1), ("unet", UNET_CONV, 1), ("vae", VAE_LINEAR, 2), ("vae", VAE_CONV, 2)],
)
def test_a_weight_moves_by_scale_times_b_a(network, name, scale):
    layer = adapted(network).get_base_model().get_submodule(name)
    base = layer.base_layer
    with torch.no_grad():
        for seed, factor in enumerate((layer.lora_A["default"], layer.lora_B["default"])):
            factor.weight.copy_(drawn(factor.weight.shape, seed))
    channels = base.weight.shape[1]
    x = drawn(torch.Size((2, channels, 6, 6) if isinstance(base, nn.Conv2d) else (2, channels)), 5)
    expected = call(base, weight_after(layer, scale), x)
    torch.testing.assert_close(layer(x), expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(expected, call(base, base.weight, x), atol=1e-2)
    after = weight_after(layer, scale)
    layer.merge()
    torch.testing.assert_close(base.weight, after)


@pytest.mark.parametrize("network", ["unet", "vae"])
def test_only_adapters_learn_and_they_begin_at_nothing(network):
    for name, parameter in adapted(network).named_parameters():
        adapter = ".lora_A." in name or ".lora_B." in name or ".conv_in.modules_to_save." in name
        assert parameter.requires_grad is adapter, name
        if ".lora_B." in name:
            assert not parameter.any()
        if ".lora_A." in name:
            assert parameter.any()


def test_the_layers_are_those_of_img2img_turbo():
    def layers(network: Any) -> dict[str, nn.Module]:
        modules = network.get_base_model().named_modules()
        return {name: module for name, module in modules if hasattr(module, "base_layer")}

    def plain(network: Any) -> set[str]:
        kinds = (nn.Linear, nn.Conv2d)
        return {name for name, module in network.named_modules() if isinstance(module, kinds)}

    model = tiny_model()
    unet_layers, vae_layers = plain(model.unet), plain(model.vae)
    left = unet_layers - layers(adapted("unet")).keys()
    assert all("time_emb" in name or name == "conv_in" for name in left), left
    assert vae_layers - layers(adapted("vae")).keys() == {"quant_conv", "post_quant_conv"}


def test_the_first_convolution_of_the_unet_is_trained_whole():
    first = adapted("unet").get_base_model().conv_in
    whole = first.modules_to_save["default"]
    assert whole.weight.requires_grad and torch.equal(whole.weight, first.original_module.weight)


def test_the_seed_decides_the_adapters_and_nobody_elses_draws():
    before = torch.random.get_rng_state()
    weights = [
        adapt_vae(tiny_model().vae, RANK, seed).get_base_model().encoder.conv_in.lora_A["default"].weight
        for seed in (0, 0, 1)
    ]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_a_second_network_has_the_same_parameters_and_adapters_of_its_own():
    vae = tiny_model().vae
    second = share_weights(vae)
    assert all(a is b for a, b in zip(vae.parameters(), second.parameters(), strict=True))
    one, other = adapt_vae(vae, RANK, 0), adapt_vae(second, RANK, 1)
    first, again = (network.get_base_model().encoder.conv_in for network in (one, other))
    assert first.base_layer.weight is again.base_layer.weight
    assert first.lora_A["default"].weight is not again.lora_A["default"].weight
