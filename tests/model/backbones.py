"""Small backbones of keras_hub, randomly initialized, whose owners are not plain."""

from tests.hub import keras_hub

models = keras_hub and keras_hub.models

# One block of one kind, as the backbone takes it: a list of lists.
VISION_STAGE = {
    "block_types": "er",
    "num_filters": 16,
    "strides": 1,
    "act_layers": "gelu",
    "exp_ratios": 1.0,
    "se_ratios": 0.0,
    "dw_kernel_sizes": 0,
    "dw_start_kernel_sizes": 0,
    "dw_end_kernel_sizes": 0,
    "exp_kernel_sizes": 3,
    "pw_kernel_sizes": 1,
    "num_heads": 0,
    "key_dims": 0,
    "value_dims": 0,
    "kv_strides": 0,
    "use_cpe": False,
}


def gpt2():
    """A functional model with its parts as attributes, set before it is one."""
    return models.GPT2Backbone(
        vocabulary_size=100,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=32,
        max_sequence_length=10,
    )


def gpt2_with_head():
    """A task whose head reads the table of the backbone's embedding."""
    return models.GPT2CausalLM(backbone=gpt2())


def retinanet():
    """A detector over the graph of an encoder, which it keeps."""
    encoder = models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 64, 64],
        stackwise_num_blocks=[1, 1, 1],
        stackwise_num_strides=[1, 2, 2],
        block_type="basic_block",
        image_shape=(64, 64, 3),
    )
    return models.RetinaNetBackbone(
        image_encoder=encoder,
        min_level=3,
        max_level=4,
        use_p5=False,
        image_shape=(64, 64, 3),
    )


def gemma3n():
    """Text, images and sound: models as attributes, in the graph, and in a layer."""
    vision = models.MobileNetV5Backbone(
        **{f"stackwise_{name}": [[value]] for name, value in VISION_STAGE.items()},
        stackwise_num_blocks=[1],
        num_features=4,
        image_shape=(32, 32, 3),
        use_msfa=False,
    )
    audio = {
        "hidden_size": 8,
        "input_feat_size": 32,
        "sscp_conv_channel_size": [2, 4],
        "sscp_conv_kernel_size": [(3, 3), (3, 3)],
        "sscp_conv_stride_size": [(2, 2), (2, 2)],
        "sscp_conv_group_norm_eps": 1e-5,
        "num_hidden_layers": 1,
        "rms_norm_eps": 1e-6,
        "gradient_clipping": 1.0,
        "residual_weight": 0.5,
        "num_attention_heads": 2,
        "attention_chunk_size": 4,
        "num_attention_context_right": 2,
        "num_attention_context_left": 3,
        "attention_logit_cap": 30.0,
        "conv_kernel_size": 3,
        "reduction_factor": 1,
    }
    return models.Gemma3nBackbone(
        text_vocab_size=40,
        text_hidden_size=8,
        num_hidden_layers=2,
        pad_token_id=0,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        intermediate_size=[16, 16],
        hidden_activation="gelu_approximate",
        layer_types=["full_attention", "sliding_attention"],
        sliding_window=4,
        rope_theta=10000.0,
        max_position_embeddings=12,
        vocab_size_per_layer_input=40,
        hidden_size_per_layer_input=2,
        altup_num_inputs=2,
        laurel_rank=1,
        vision_encoder_config=vision.get_config(),
        vision_hidden_size=16,
        audio_encoder_config=audio,
        audio_hidden_size=8,
    )


BACKBONES = {
    "GPT-2": gpt2,
    "GPT-2 with a head": gpt2_with_head,
    "RetinaNet": retinanet,
    "Gemma 3n": gemma3n,
}
