"""Small configurations of keras_hub's language models, see `backbones`."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what keras_hub imports warns of itself
    from keras_hub import models

DEPTH = {"vocabulary_size": 30, "num_layers": 2}
WIDTH = {"hidden_dim": 8, "intermediate_dim": 12}
TEXT = {**DEPTH, **WIDTH, "num_heads": 2}
GROUPED = {**DEPTH, **WIDTH, "num_query_heads": 2, "num_key_value_heads": 1}
POSITIONS = {**TEXT, "max_sequence_length": 9}
GEMMA = {**GROUPED, "head_dim": 4}
EXPERTS = {**GROUPED, "num_experts": 2}
MOE = {**EXPERTS, "moe_intermediate_dim": 6, "top_k": 1}
SMOL = {
    **DEPTH,
    **WIDTH,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "rope_layer_enabled_list": [True, False],
    "layer_types": ["full_attention"] * 2,
    "mlp_bias": True,
    "layer_norm_epsilon": 1e-6,
    "max_position_embeddings": 9,
    "rope_theta": 1e4,
    "partial_rotary_factor": 1.0,
}
PAIR = {
    f"{stack}_{argument}": value
    for stack in ("encoder", "decoder")
    for argument, value in {
        "hidden_dim": 8,
        "intermediate_dim": 12,
        "num_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 4,
        "layer_types": ["sliding_attention", "full_attention"],
    }.items()
}
LINEAR = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 4,
    "linear_value_head_dim": 4,
    "layer_types": ["linear_attention", "full_attention"],
}


def gemma3(**keywords):
    """A Gemma 3, without images unless it is given an encoder."""
    return models.Gemma3Backbone(**{**GEMMA, "image_size": 16, **keywords})


def gemma4(**keywords):
    """A Gemma 4, without images unless it is given an encoder."""
    return models.Gemma4Backbone(**{**GEMMA, "image_size": 16, **keywords})


def gemma3n():
    """A Gemma 3n of text alone."""
    return models.Gemma3nBackbone(
        text_vocab_size=30,
        text_hidden_size=8,
        num_hidden_layers=2,
        pad_token_id=0,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        intermediate_size=[12, 12],
        hidden_activation="gelu_approximate",
        layer_types=["full_attention", "sliding_attention"],
        sliding_window=4,
        rope_theta=1e4,
        max_position_embeddings=16,
        vocab_size_per_layer_input=30,
        hidden_size_per_layer_input=4,
        altup_num_inputs=2,
        laurel_rank=2,
    )


TEXT_MODELS = {
    "Albert": lambda: models.AlbertBackbone(**POSITIONS, embedding_dim=4),
    "Bart": lambda: models.BartBackbone(**POSITIONS),
    "Bert": lambda: models.BertBackbone(**POSITIONS),
    "Bloom": lambda: models.BloomBackbone(**TEXT),
    "DebertaV3": lambda: models.DebertaV3Backbone(**POSITIONS, bucket_size=4),
    "DistilBert": lambda: models.DistilBertBackbone(**POSITIONS),
    "ESM": lambda: models.ESMBackbone(**POSITIONS),
    "EdRec": lambda: models.EdRecBackbone(
        vocab_size=30, num_layers_enc=1, num_layers_dec=2, num_heads=2, **WIDTH
    ),
    "Electra": lambda: models.ElectraBackbone(
        vocab_size=30,
        num_layers=2,
        num_heads=2,
        embedding_dim=4,
        max_sequence_length=9,
        **WIDTH,
    ),
    "FNet": lambda: models.FNetBackbone(**DEPTH, **WIDTH, max_sequence_length=9),
    "Falcon": lambda: models.FalconBackbone(**DEPTH, **WIDTH, num_attention_heads=2),
    "GPT2": lambda: models.GPT2Backbone(**POSITIONS),
    "GPTNeoX": lambda: models.GPTNeoXBackbone(**POSITIONS),
    "Gemma": lambda: models.GemmaBackbone(**GEMMA),
    "Gemma, post-norms": lambda: models.GemmaBackbone(
        **GEMMA, use_post_ffw_norm=True, use_post_attention_norm=True
    ),
    "Gemma3": gemma3,
    "Gemma3n": gemma3n,
    "Gemma4": gemma4,
    "GptOss": lambda: models.GptOssBackbone(**EXPERTS),
    "Llama": lambda: models.LlamaBackbone(**GROUPED),
    "Llama3": lambda: models.Llama3Backbone(**GROUPED, tie_word_embeddings=True),
    "Mistral": lambda: models.MistralBackbone(**GROUPED),
    "Mixtral": lambda: models.MixtralBackbone(**EXPERTS),
    "OPT": lambda: models.OPTBackbone(**POSITIONS),
    "Phi3": lambda: models.Phi3Backbone(**GROUPED),
    "Qwen": lambda: models.QwenBackbone(**GROUPED),
    "QwenMoe": lambda: models.QwenMoeBackbone(**MOE, shared_expert_intermediate_dim=6),
    "Qwen3": lambda: models.Qwen3Backbone(**GROUPED, head_dim=6),
    "Qwen3Moe": lambda: models.Qwen3MoeBackbone(**MOE, head_dim=6),
    "Qwen3_5": lambda: models.Qwen3_5Backbone(**GROUPED, **LINEAR, head_dim=8),
    "Qwen3_5Moe": lambda: models.Qwen3_5MoeBackbone(
        **DEPTH,
        **LINEAR,
        num_query_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        hidden_dim=8,
        num_experts=2,
        top_k=1,
        moe_intermediate_dim=6,
        shared_expert_intermediate_size=6,
    ),
    "RWKV7": lambda: models.RWKV7Backbone(
        hidden_size=8,
        head_size=4,
        num_layers=2,
        vocabulary_size=30,
        intermediate_dim=12,
        gate_lora=4,
        mv_lora=4,
        aaa_lora=4,
        decay_lora=4,
    ),
    "Roberta": lambda: models.RobertaBackbone(**POSITIONS),
    "RoformerV2": lambda: models.RoformerV2Backbone(**TEXT, head_size=4),
    "SmolLM": lambda: models.SmolLMBackbone(**SMOL),
    "T5": lambda: models.T5Backbone(**TEXT),
    "T5, plain": lambda: models.T5Backbone(
        **TEXT,
        key_value_dim=6,
        use_gated_activation=False,
        tie_embedding_weights=False,
    ),
    "T5Gemma": lambda: models.T5GemmaBackbone(
        vocabulary_size=30, sliding_window=4, **PAIR
    ),
    "T5Gemma2": lambda: models.T5Gemma2Backbone(
        vocabulary_size=30, sliding_window=4, **PAIR
    ),
    "XLMRoberta": lambda: models.XLMRobertaBackbone(**POSITIONS),
    "XLNet": lambda: models.XLNetBackbone(**TEXT),
}
