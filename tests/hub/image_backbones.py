"""Small configurations of keras_hub's models of images, see `backbones`."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what keras_hub imports warns of itself
    from keras_hub import models

    # keras_hub does not export it.
    from keras_hub.src.models.vae.vae_backbone import VAEBackbone

IMAGE = (32, 32, 3)
VISION = {
    "image_shape": IMAGE,
    "patch_size": 8,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 12,
}
RESIDUAL = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [3],
    "stackwise_num_filters": [64, 8],  # the first must be 64
    "stackwise_num_blocks": [1, 2],
    "stackwise_num_strides": [1, 2],
    "image_shape": IMAGE,
}
CROSS_STAGE = {
    "stem_filters": 8,
    "stem_kernel_size": 3,
    "stem_strides": 1,
    "stackwise_depth": [1, 2],
    "stackwise_strides": [1, 2],
    "stackwise_num_filters": [8, 16],
    "block_ratio": [0.5],
    "image_shape": IMAGE,
}


def resnet(block_type="basic_block", **keywords):
    """A ResNet of two stages."""
    return models.ResNetBackbone(**{**RESIDUAL, "block_type": block_type, **keywords})


def pyramid(image_shape=(64, 64, 3)):
    """A ResNet of five levels, for what is built on several of them."""
    return resnet(
        stackwise_num_filters=[64, 4, 8, 8],
        stackwise_num_blocks=[1, 1, 1, 1],
        stackwise_num_strides=[1, 2, 2, 2],
        image_shape=image_shape,
    )


def mobilenet():
    """A MobileNetV3 of two stages."""
    return models.MobileNetBackbone(
        stackwise_expansion=[[8], [8, 16]],
        stackwise_num_blocks=[1, 2],
        stackwise_num_filters=[[8], [8, 8]],
        stackwise_kernel_size=[[3], [5, 5]],
        stackwise_num_strides=[[2], [2, 1]],
        stackwise_se_ratio=[[None], [0.25, 0.25]],
        stackwise_activation=[["relu"], ["hard_swish"] * 2],
        stackwise_padding=[[1], [2, 2]],
        output_num_filters=16,
        depthwise_filters=8,
        depthwise_stride=2,
        depthwise_residual=False,
        last_layer_filter=16,
        squeeze_and_excite=0.5,
        image_shape=IMAGE,
    )


def mobilenet_v5():
    """A MobileNetV5 with one block of each kind."""
    return models.MobileNetV5Backbone(
        stackwise_block_types=[["er"], ["uir", "mqa"]],
        stackwise_num_blocks=[1, 2],
        stackwise_num_filters=[[8], [8, 8]],
        stackwise_strides=[[2], [2, 1]],
        stackwise_act_layers=[["relu"], ["relu", "relu"]],
        stackwise_exp_ratios=[[2.0], [2.0, 1.0]],
        stackwise_se_ratios=[[0.0], [0.0, 0.0]],
        stackwise_dw_kernel_sizes=[[0], [3, 3]],
        stackwise_dw_start_kernel_sizes=[[0], [3, 0]],
        stackwise_dw_end_kernel_sizes=[[0], [0, 0]],
        stackwise_exp_kernel_sizes=[[3], [0, 0]],
        stackwise_pw_kernel_sizes=[[1], [0, 0]],
        stackwise_num_heads=[[0], [0, 2]],
        stackwise_key_dims=[[0], [0, 4]],
        stackwise_value_dims=[[0], [0, 4]],
        stackwise_kv_strides=[[0], [0, 1]],
        stackwise_use_cpe=[[False], [False, False]],
        stem_size=8,
        use_msfa=False,
        num_features=16,
        image_shape=IMAGE,
    )


def efficientnet():
    """An EfficientNet of two stages, one of fused blocks."""
    return models.EfficientNetBackbone(
        stackwise_width_coefficients=[1.0, 1.0],
        stackwise_depth_coefficients=[1.0, 1.0],
        stackwise_kernel_sizes=[3, 5],
        stackwise_num_repeats=[1, 2],
        stackwise_input_filters=[8, 8],
        stackwise_output_filters=[8, 16],
        stackwise_expansion_ratios=[1, 2],
        stackwise_squeeze_and_excite_ratios=[0.25, 0.25],
        stackwise_strides=[1, 2],
        stackwise_block_types=["v1", "fused"],
        stackwise_force_input_filters=[0, 0],
        stackwise_nores_option=[False, False],
        num_features=16,
        input_shape=IMAGE,
    )


def hgnet(**keywords):
    """An HGNetV2 of three stages."""
    return models.HGNetV2Backbone(
        depths=[1, 1, 1],
        embedding_size=8,
        hidden_sizes=[8, 16, 16],
        stem_channels=[3, 4, 8],
        hidden_act="relu",
        use_learnable_affine_block=True,
        stackwise_stage_filters=[
            [8, 4, 8, 1, 1, 3],
            [8, 4, 16, 1, 1, 3],
            [16, 8, 16, 1, 2, 3],
        ],
        apply_downsample=[False, True, True],
        use_lightweight_conv_block=[False, True, True],
        image_shape=(64, 64, 3),
        **keywords,
    )


def d_fine():
    """A D-FINE on two levels."""
    return models.DFineBackbone(
        backbone=hgnet(out_features=["stage2", "stage3"]),
        decoder_in_channels=[8, 8],
        encoder_hidden_dim=8,
        num_labels=4,
        num_denoising=0,
        learn_initial_query=True,
        num_queries=5,
        anchor_image_size=(64, 64),
        feat_strides=[8, 16],
        num_feature_levels=2,
        hidden_dim=8,
        encoder_in_channels=[16, 16],
        encode_proj_layers=[1],
        num_attention_heads=2,
        encoder_ffn_dim=12,
        num_encoder_layers=1,
        hidden_expansion=1.0,
        depth_multiplier=0.34,
        eval_idx=-1,
        num_decoder_layers=2,
        decoder_attention_heads=2,
        decoder_ffn_dim=12,
        decoder_n_points=[2, 2],
        lqe_hidden_dim=8,
        num_lqe_layers=2,
        out_features=["stage2", "stage3"],
        image_shape=(64, 64, 3),
        seed=0,
    )


def mit(**keywords):
    """A MiT of two stages."""
    return models.MiTBackbone(
        layerwise_depths=[1, 1],
        num_layers=2,
        layerwise_num_heads=[1, 2],
        layerwise_sr_ratios=[2, 1],
        max_drop_path_rate=0.1,
        layerwise_patch_sizes=[7, 3],
        layerwise_strides=[4, 2],
        image_shape=IMAGE,
        hidden_dims=[4, 8],
        **keywords,
    )


def vit_det():
    """A ViTDet of two layers."""
    return models.ViTDetBackbone(
        hidden_size=8,
        num_layers=2,
        intermediate_dim=12,
        num_heads=2,
        global_attention_layer_indices=[1],
        image_shape=IMAGE,
        patch_size=8,
        num_output_channels=8,
        window_size=2,
    )


def vit(**keywords):
    """A ViT of two layers."""
    arguments = {k: v for k, v in VISION.items() if k != "intermediate_dim"}
    return models.ViTBackbone(**arguments, mlp_dim=12, **keywords)


def dino(**keywords):
    """A DINOv2 of two layers."""
    return models.DINOV2Backbone(**VISION, position_embedding_shape=IMAGE, **keywords)


def vae():
    """A variational autoencoder of two levels."""
    return VAEBackbone(
        encoder_num_filters=[32, 32],
        encoder_num_blocks=[1, 1],
        decoder_num_filters=[32, 32],
        decoder_num_blocks=[1, 1],
        sample_channels=8,
    )


IMAGE_MODELS = {
    "BASNet": lambda: models.BASNetBackbone(
        pyramid((None, None, 3)),
        num_classes=1,
        image_shape=IMAGE,
    ),
    "CSPNet, dark": lambda: models.CSPNetBackbone(
        **CROSS_STAGE, block_type="dark_block", stage_type="csp"
    ),
    "CSPNet, edge": lambda: models.CSPNetBackbone(
        **CROSS_STAGE, block_type="edge_block", stage_type="csp"
    ),
    "CSPNet, bottleneck": lambda: models.CSPNetBackbone(
        **CROSS_STAGE, block_type="bottleneck_block", stage_type="cs3"
    ),
    "DFine": d_fine,
    "DINOV2": lambda: dino(),
    "DINOV2, registers": lambda: dino(num_register_tokens=2, use_swiglu_ffn=True),
    "DINOV3": lambda: models.DINOV3Backbone(**VISION),
    "DINOV3, gated": lambda: models.DINOV3Backbone(**VISION, use_gated_mlp=True),
    "DeepLabV3": lambda: models.DeepLabV3Backbone(
        pyramid(),
        spatial_pyramid_pooling_key="P4",
        upsampling_size=4,
        dilation_rates=[2, 4],
        low_level_feature_key="P2",
        projection_filters=4,
        image_shape=(64, 64, 3),
    ),
    "DeiT": lambda: models.DeiTBackbone(**VISION),
    "DenseNet": lambda: models.DenseNetBackbone([1, 2], IMAGE, growth_rate=4),
    "DepthAnything": lambda: models.DepthAnythingBackbone(
        dino(),
        reassemble_factors=[2, 1],
        neck_hidden_dims=[4, 8],
        fusion_hidden_dim=4,
        head_hidden_dim=4,
        head_in_index=-1,
        feature_keys=["stage1", "stage2"],
    ),
    "EfficientNet": efficientnet,
    "HGNetV2": hgnet,
    "MiT": mit,
    "MobileNet": mobilenet,
    "MobileNetV5": mobilenet_v5,
    "ResNet": resnet,
    "ResNet, bottleneck": lambda: resnet("bottleneck_block"),
    "ResNet, pre-activation": lambda: resnet(use_pre_activation=True),
    "ResNet, vd": lambda: resnet(
        "bottleneck_block_vd",
        input_conv_filters=[4, 4, 4],
        input_conv_kernel_sizes=[3, 3, 3],
    ),
    "RetinaNet": lambda: models.RetinaNetBackbone(
        pyramid(), min_level=3, max_level=6, use_p5=False, image_shape=(64, 64, 3)
    ),
    "SegFormer": lambda: models.SegFormerBackbone(mit(), projection_filters=4),
    "SwinTransformer": lambda: models.SwinTransformerBackbone(
        image_shape=IMAGE,
        embed_dim=4,
        depths=[2, 2],
        num_heads=[1, 2],
        window_size=2,
    ),
    "VAE": vae,
    "VGG": lambda: models.VGGBackbone([1, 1], [4, 8], IMAGE),
    "ViT": vit,
    "ViTDet": vit_det,
    "Xception": lambda: models.XceptionBackbone(
        [[4, 4], [8]], [True, False], image_shape=IMAGE
    ),
}
