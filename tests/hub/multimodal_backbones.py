"""Small configurations of keras_hub's models that read several kinds of input."""

import warnings

from tests.hub.image_backbones import IMAGE, VISION, vae, vit, vit_det
from tests.hub.text_backbones import GEMMA, POSITIONS, TEXT, WIDTH, gemma3, gemma4

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what keras_hub imports warns of itself
    from keras_hub import layers, models

    # keras_hub does not export it.
    from keras_hub.src.models.rqvae.rqvae_backbone import RQVAEBackbone

TOWER = {**POSITIONS, "embedding_dim": 8}


def flux():
    """A Flux of one block of each kind."""
    return models.FluxBackbone(
        input_channels=4,
        hidden_size=12,
        mlp_ratio=2.0,
        num_heads=2,
        depth=1,
        depth_single_blocks=1,
        axes_dim=[2, 2, 2],
        theta=10,
        use_bias=True,
        image_shape=(6, 4),
        text_shape=(3, 5),
        image_ids_shape=(6, 3),
        text_ids_shape=(3, 3),
        y_shape=(7,),
    )


def clip_text(**keywords):
    """A text encoder of CLIP."""
    return models.CLIPTextEncoder(**TOWER, **keywords)


def stable_diffusion():
    """A Stable Diffusion 3 of two layers, without T5."""
    return models.StableDiffusion3Backbone(
        mmdit_patch_size=2,
        mmdit_hidden_dim=8,
        mmdit_num_layers=2,
        mmdit_num_heads=2,
        mmdit_position_size=8,
        mmdit_qk_norm="rms_norm",
        mmdit_dual_attention_indices=(0,),
        vae=vae(),
        clip_l=clip_text(name="clip_l", intermediate_output_index=0),
        clip_g=clip_text(name="clip_g", intermediate_output_index=0),
        latent_channels=4,
        image_shape=(64, 64, 3),
    )


def sam():
    """A Segment Anything on a small ViTDet."""
    return models.SAMBackbone(
        image_encoder=vit_det(),
        prompt_encoder=layers.SAMPromptEncoder(
            hidden_size=8,
            image_embedding_size=(4, 4),
            input_image_size=(32, 32),
            mask_in_channels=4,
        ),
        mask_decoder=layers.SAMMaskDecoder(
            num_layers=1,
            hidden_size=8,
            intermediate_dim=12,
            num_heads=2,
            embedding_dim=8,
            iou_head_depth=2,
            iou_head_hidden_dim=8,
        ),
    )


def sam3():
    """A SAM 3 of one layer in each part."""
    part = {"num_layers": 1, "hidden_dim": 8, "intermediate_dim": 12, "num_heads": 2}
    image = {"image_shape": (28, 28, 3), "patch_size": 14}
    return models.SAM3PromptableConceptBackbone(
        vision_encoder=layers.SAM3VisionEncoder(
            **image,
            **part,
            fpn_hidden_dim=8,
            fpn_scale_factors=[4.0, 2.0, 1.0, 0.5],
            pretrain_image_shape=(28, 28, 3),
            global_attn_indexes=[0],
        ),
        text_encoder=layers.SAM3TextEncoder(
            vocabulary_size=30, embedding_dim=8, max_sequence_length=9, **part
        ),
        geometry_encoder=layers.SAM3GeometryEncoder(roi_size=2, **part),
        detr_encoder=layers.SAM3DetrEncoder(**part),
        detr_decoder=layers.SAM3DetrDecoder(num_queries=3, **image, **part),
        mask_decoder=layers.SAM3MaskDecoder(
            num_upsampling_stages=3, hidden_dim=8, num_heads=2
        ),
    )


def blip2(multimodal=True):
    """A BLIP-2 with OPT."""
    vision = models.BLIP2VisionEncoder(
        image_size=32,
        patch_size=8,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
        use_patch_bias=True,
        use_class_token=True,
        use_mha_bias=True,
        use_mlp_bias=True,
        dropout_rate=0.0,
        layer_norm_epsilon=1e-6,
        initializer_range=0.02,
    )
    former = models.BLIP2QFormer(
        num_query_tokens=3,
        num_layers=2,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
        vision_dim=8,
        cross_attention_frequency=2,
        dropout=0.0,
        layer_norm_epsilon=1e-6,
    )
    opt = models.BLIP2CustomOPT(
        **POSITIONS, num_query_tokens=3, dropout=0.0, qformer_hidden_dim=8
    )
    return models.BLIP2Backbone(
        vision_encoder=vision, qformer=former, language_model=opt
    )


def clip(vision, text, backbone, **keywords):
    """Two towers."""
    return backbone(
        vision_encoder=vision(**VISION), text_encoder=text(**TOWER), **keywords
    )


def gemma3_with_images():
    """A Gemma 3 that reads images."""
    vision = models.Gemma3VisionEncoder(
        image_size=16,
        patch_size=4,
        num_heads=2,
        hidden_dim=8,
        num_layers=1,
        intermediate_dim=12,
        output_dim=8,
        pool_size=2,
    )
    return gemma3(vision_encoder=vision)


def gemma4_with_images():
    """A Gemma 4 that reads images."""
    vision = models.Gemma4VisionEncoder(
        image_size=16,
        patch_size=4,
        num_heads=2,
        hidden_dim=8,
        num_layers=1,
        intermediate_dim=12,
        head_dim=4,
        output_dim=8,
        pool_size=2,
        position_embedding_size=16,
    )
    return gemma4(vision_encoder=vision)


MULTIMODAL = {
    "BLIP2": blip2,
    "CLIP": lambda: clip(
        models.CLIPVisionEncoder,
        models.CLIPTextEncoder,
        models.CLIPBackbone,
        projection_dim=4,
    ),
    "CLIPTextEncoder": clip_text,
    "Flux": flux,
    "Gemma3, images": gemma3_with_images,
    "Gemma4, images": gemma4_with_images,
    "MetaCLIP2": lambda: clip(
        models.MetaCLIP2VisionEncoder,
        models.MetaCLIP2TextEncoder,
        models.MetaCLIP2Backbone,
        projection_dim=4,
    ),
    "Moonshine": lambda: models.MoonshineBackbone(
        vocabulary_size=30,
        filter_dim=8,
        encoder_num_layers=1,
        decoder_num_layers=2,
        encoder_num_heads=2,
        decoder_num_heads=2,
        **WIDTH,
    ),
    "PARSeq": lambda: models.PARSeqBackbone(
        vit(),
        vocabulary_size=30,
        max_label_length=5,
        decoder_hidden_dim=8,
        num_decoder_layers=1,
        num_decoder_heads=2,
        decoder_mlp_dim=12,
    ),
    "PaliGemma": lambda: models.PaliGemmaBackbone(
        **GEMMA,
        image_size=16,
        vit_patch_size=4,
        vit_num_heads=2,
        vit_hidden_dim=8,
        vit_num_layers=1,
    ),
    "RQVAE": lambda: RQVAEBackbone(8, [8, 4], 4, [4, 8], 5, 2),
    "SAM": sam,
    "SAM3": sam3,
    "SigLIP": lambda: clip(
        models.SigLIPVisionEncoder, models.SigLIPTextEncoder, models.SigLIPBackbone
    ),
    "StableDiffusion3": stable_diffusion,
    "VideoPrism": lambda: models.VideoPrismBackbone(
        num_frames=2,
        patch_size=8,
        num_heads=2,
        num_spatial_layers=1,
        num_temporal_layers=1,
        num_auxiliary_layers=1,
        vocabulary_size=30,
        num_text_layers=1,
        image_shape=IMAGE,
        **WIDTH,
    ),
    "Whisper": lambda: models.WhisperBackbone(
        **TEXT,
        num_mels=4,
        max_encoder_sequence_length=16,
        max_decoder_sequence_length=9,
    ),
}
