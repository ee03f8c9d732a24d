"""Random weights in the shapes of the published models, so that size and speed are known without them.

Numbers: the ``config.json`` of stabilityai/sd-turbo, openai/clip-vit-base-patch32 and
depth-anything/Depth-Anything-V2-Small-hf.
"""

from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModel

from acdepth.diffusion.model import DiffusionModel
from acdepth.diffusion.tiny import character_tokenizer, sd_turbo_schedule
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.prior.settings import TinyPriorConfig
from acdepth.translator.feature_discriminators import ClipDiscriminator

PROMPT_LENGTH, TOKENS = 77, 49408


def sd_turbo() -> DiffusionModel:
    """SD-Turbo; its tokenizer knows characters only, which changes no size."""
    return DiffusionModel(
        vae=AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            latent_channels=4,
            sample_size=768,
        ),
        unet=UNet2DConditionModel(
            sample_size=64,
            block_out_channels=(320, 640, 1280, 1280),
            down_block_types=(*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
            up_block_types=("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
            attention_head_dim=(5, 10, 20, 20),
            cross_attention_dim=1024,
            use_linear_projection=True,
        ),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=TOKENS,
                hidden_size=1024,
                intermediate_size=4096,
                projection_dim=512,
                num_hidden_layers=23,
                num_attention_heads=16,
                max_position_embeddings=PROMPT_LENGTH,
                hidden_act="gelu",
            )
        ).eval(),
        tokenizer=character_tokenizer(PROMPT_LENGTH),
        scheduler=sd_turbo_schedule(),
    )


def clip_discriminator() -> ClipDiscriminator:
    """Heads on a CLIP ViT-B/32, at the levels that `ClipDiscriminator.from_pretrained` chooses."""
    return ClipDiscriminator(CLIPVisionModel(CLIPVisionConfig()), (3, 6, 9, 12))


def depth_anything_small() -> DepthAnythingPrior:
    """Depth Anything V2 small."""
    config = TinyPriorConfig(
        side=518, width=384, layers=12, heads=6, neck=(48, 96, 192, 384), fusion=64, head=32
    )
    return DepthAnythingPrior.tiny(0, config)
