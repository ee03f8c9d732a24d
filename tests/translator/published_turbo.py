"""img2img-turbo's CycleGAN-Turbo written again for tests: what its files hold and what its networks do."""

import copy
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler
from peft import LoraConfig, get_peft_model_state_dict
from torch import Tensor, nn

from acdepth.diffusion.model import DiffusionModel

UNET_PATTERNS = (
    "to_k", "to_q", "to_v", "to_out.0", "conv", "conv1", "conv2", "conv_in", "conv_shortcut", "conv_out",
    "proj_out", "proj_in", "ff.net.2", "ff.net.0.proj",
)  # fmt: skip
VAE_TARGETS = (
    "conv1", "conv2", "conv_in", "conv_shortcut", "conv", "conv_out", "skip_conv_1", "skip_conv_2",
    "skip_conv_3", "skip_conv_4", "to_k", "to_q", "to_v", "to_out.0",
)  # fmt: skip
GROUPS = {
    "default_encoder": ("l_target_modules_encoder", "sd_encoder"),
    "default_decoder": ("l_target_modules_decoder", "sd_decoder"),
    "default_others": ("l_modules_others", "sd_other"),
}


class PublishedTurbo:
    """Three adapters on one UNet, and one on each of two autoencoders with skips."""

    def __init__(self, model: DiffusionModel, rank: int = 3, vae_rank: int = 4) -> None:
        self.model, self.rank, self.vae_rank = model, rank, vae_rank
        self.unet: Any = copy.deepcopy(model.unet)
        self.groups = _groups(self.unet)
        for adapter, layers in self.groups.items():
            self.unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=layers), adapter)
        self.unet.set_adapters(list(self.groups))
        self.vae: Any = _with_skips(copy.deepcopy(model.vae))
        self.vae.add_adapter(LoraConfig(r=vae_rank, target_modules=list(VAE_TARGETS)), "vae_skip")
        self.vae_b2a = copy.deepcopy(self.vae)
        for network in (self.unet, self.vae, self.vae_b2a):
            for name, value in network.named_parameters():
                if "lora_" in name or "skip_conv" in name:
                    nn.init.normal_(value, std=0.1)

    @torch.no_grad()
    def __call__(self, image: Tensor, prompt: str, direction: str) -> Tensor:
        vae = self.vae if direction == "a2b" else self.vae_b2a
        sample, seen = vae.encoder.conv_in(image), []
        for block in vae.encoder.down_blocks:
            seen.append(sample)
            sample = block(sample)
        sample = vae.encoder.conv_act(vae.encoder.conv_norm_out(vae.encoder.mid_block(sample)))
        moments = vae.quant_conv(vae.encoder.conv_out(sample))
        latents = moments[:, : moments.shape[1] // 2] * vae.config.scaling_factor
        text = self.model.embed([prompt]).expand(len(image), -1, -1)
        noise = self.unet(latents, 999, encoder_hidden_states=text).sample
        scheduler = DDPMScheduler.from_config(self.model.scheduler.config)
        scheduler.set_timesteps(1)
        clean = scheduler.step(noise, scheduler.timesteps[0], latents, return_dict=True).prev_sample
        sample = vae.decoder.conv_in(vae.post_quant_conv(clean / vae.config.scaling_factor))
        sample = vae.decoder.mid_block(sample)
        for number, block in enumerate(vae.decoder.up_blocks):
            skip = getattr(vae.decoder, f"skip_conv_{number + 1}")
            sample = block(sample + skip(seen[::-1][number]))
        return vae.decoder.conv_out(vae.decoder.conv_act(vae.decoder.conv_norm_out(sample)))

    def content(self) -> dict[str, Any]:
        """What the published training saves."""
        whole = {
            f"{place}{name}": value
            for place, vae in (("vae.", self.vae), ("vae_b2a.", self.vae_b2a))
            for name, value in vae.state_dict().items()
        }
        content: dict[str, Any] = {"rank_unet": self.rank, "rank_vae": self.vae_rank}
        for adapter, (layers, weights) in GROUPS.items():
            content[layers] = self.groups[adapter]
            content[weights] = get_peft_model_state_dict(self.unet, adapter_name=adapter)
        return content | {
            "vae_lora_target_modules": list(VAE_TARGETS),
            "sd_vae_enc": whole,
            "sd_vae_dec": dict(whole),
        }

    def save(self, path: Path) -> Path:
        torch.save(self.content(), path)
        return path


def _groups(unet: nn.Module) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {adapter: [] for adapter in GROUPS}
    for name, _ in unet.named_parameters():
        if "bias" in name or "norm" in name or not any(pattern in name for pattern in UNET_PATTERNS):
            continue
        if "down_blocks" in name or "conv_in" in name:
            adapter = "default_encoder"
        else:
            adapter = "default_decoder" if "up_blocks" in name else "default_others"
        groups[adapter].append(name.replace(".weight", ""))
    return groups


def _with_skips(vae: Any) -> Any:
    below = [block.resnets[0].in_channels for block in reversed(vae.encoder.down_blocks)]
    above = [block.resnets[0].in_channels for block in vae.decoder.up_blocks]
    for number, (given, taken) in enumerate(zip(below, above, strict=True), start=1):
        setattr(vae.decoder, f"skip_conv_{number}", nn.Conv2d(given, taken, 1, bias=False))
    return vae
