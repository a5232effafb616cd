"""Models built from their published config have the parameters that were published for them.

The counts are those of the checkpoints: "model hub" is the parameter count that huggingface.co shows of a
checkpoint's safetensors, "KerasHub" the count in that project's preset lists, "torchvision" the count in
its tables of weights, "paper" the model's own paper. The configs are the checkpoints' config.json, cut to
the keys that say something about shape. The bar is 0.5 %; most are met to the last parameter.
"""

from __future__ import annotations

import json

import pytest

from workers.plan import read
from workers.probes.base import Sample
from workers.probes.hardware import architecture, ledger

BERT = {"hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12, "intermediate_size": 3072,
        "max_position_embeddings": 512}  # fmt: skip
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096,
         "num_attention_heads": 32, "num_hidden_layers": 32, "tie_word_embeddings": False}  # fmt: skip

# name, config.json, parameters, where that count stands
CONFIGS = [
    ("BERT-base", {"model_type": "bert", "architectures": ["BertModel"], **BERT, "vocab_size": 30522,
                   "type_vocab_size": 2}, 109_482_240, "model hub; paper: 110M"),
    ("BERT-base with its masked-word head", {
        "model_type": "bert", "architectures": ["BertForMaskedLM"], **BERT, "vocab_size": 30522,
        "type_vocab_size": 2}, 109_514_298, "model hub"),
    ("RoBERTa-base", {"model_type": "roberta", "architectures": ["RobertaModel"], **BERT,
                      "vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1},
     124_645_632, "model hub"),
    ("DistilBERT", {"model_type": "distilbert", "architectures": ["DistilBertModel"], "dim": 768,
                    "n_heads": 12, "n_layers": 6, "hidden_dim": 3072, "max_position_embeddings": 512,
                    "vocab_size": 30522, "sinusoidal_pos_embds": False}, 66_362_880, "model hub"),
    ("DistilBERT classifier", {"model_type": "distilbert",
                               "architectures": ["DistilBertForSequenceClassification"], "dim": 768,
                               "n_heads": 12, "n_layers": 6, "hidden_dim": 3072,
                               "max_position_embeddings": 512, "vocab_size": 30522}, 66_955_010,
     "model hub (SST-2 checkpoint)"),
    ("ALBERT-base-v2", {"model_type": "albert", "architectures": ["AlbertModel"], **BERT,
                        "embedding_size": 128, "vocab_size": 30000, "type_vocab_size": 2,
                        "num_hidden_groups": 1}, 11_683_584, "model hub; paper: 12M"),
    ("ELECTRA-small", {"model_type": "electra", "architectures": ["ElectraModel"], "embedding_size": 128,
                       "hidden_size": 256, "intermediate_size": 1024, "num_attention_heads": 4,
                       "num_hidden_layers": 12, "max_position_embeddings": 512, "vocab_size": 30522,
                       "type_vocab_size": 2}, 13_483_008, "model hub; paper: 14M"),
    ("DeBERTa-v3-base", {"model_type": "deberta-v2", "architectures": ["DebertaV2Model"], **BERT,
                         "vocab_size": 128100, "position_buckets": 256, "type_vocab_size": 0},
     183_831_552, "model hub"),
    ("MPNet-base", {"model_type": "mpnet", "architectures": ["MPNetModel"], **BERT, "vocab_size": 30527,
                    "max_position_embeddings": 514, "relative_attention_num_buckets": 32}, 109_486_464,
     "model hub"),
    ("ModernBERT-base", {"model_type": "modernbert", "architectures": ["ModernBertModel"], **BERT,
                         "num_hidden_layers": 22, "intermediate_size": 1152, "vocab_size": 50368,
                         "max_position_embeddings": 8192}, 149_014_272, "model hub; paper: 149M"),
    ("GPT-2", {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 768, "n_head": 12,
               "n_layer": 12, "n_ctx": 1024, "n_positions": 1024, "vocab_size": 50257}, 124_439_808,
     "model hub; paper: 124M"),
    ("GPT-2 XL", {"model_type": "gpt2", "n_embd": 1600, "n_head": 25, "n_layer": 48, "n_positions": 1024,
                  "vocab_size": 50257}, 1_557_611_200, "model hub; paper: 1.5B"),
    ("GPT-J-6B", {"model_type": "gptj", "n_embd": 4096, "n_head": 16, "n_layer": 28, "n_positions": 2048,
                  "vocab_size": 50400, "rotary_dim": 64, "tie_word_embeddings": False}, 6_050_882_784,
     "model card"),
    ("Pythia-1.4B", {"model_type": "gpt_neox", "hidden_size": 2048, "num_attention_heads": 16,
                     "num_hidden_layers": 24, "intermediate_size": 8192, "vocab_size": 50304,
                     "max_position_embeddings": 2048, "tie_word_embeddings": False}, 1_414_647_808,
     "paper, table 1"),
    ("OPT-350M", {"model_type": "opt", "hidden_size": 1024, "num_attention_heads": 16,
                  "num_hidden_layers": 24, "ffn_dim": 4096, "vocab_size": 50272,
                  "word_embed_proj_dim": 512, "do_layer_norm_before": False,
                  "max_position_embeddings": 2048}, 331_196_416, "model hub"),
    ("OPT-1.3B", {"model_type": "opt", "hidden_size": 2048, "num_attention_heads": 32,
                  "num_hidden_layers": 24, "ffn_dim": 8192, "vocab_size": 50272,
                  "word_embed_proj_dim": 2048, "max_position_embeddings": 2048}, 1_315_758_080, "model hub"),
    ("BLOOM-7B1", {"model_type": "bloom", "hidden_size": 4096, "n_layer": 30, "num_attention_heads": 32,
                   "vocab_size": 250880, "seq_length": 2048}, 7_069_016_064, "model card"),
    ("Falcon-7B", {"model_type": "falcon", "hidden_size": 4544, "num_attention_heads": 71,
                   "num_hidden_layers": 32, "vocab_size": 65024, "multi_query": True,
                   "new_decoder_architecture": False, "parallel_attn": True, "bias": False,
                   "alibi": False}, 6_921_720_704, "KerasHub"),
    ("Phi-2", {"model_type": "phi", "hidden_size": 2560, "num_attention_heads": 32,
               "num_hidden_layers": 32, "intermediate_size": 10240, "vocab_size": 51200,
               "max_position_embeddings": 2048, "tie_word_embeddings": False}, 2_779_683_840, "model hub"),
    ("Phi-3-mini", {"model_type": "phi3", "hidden_size": 3072, "num_attention_heads": 32,
                    "num_hidden_layers": 32, "intermediate_size": 8192, "vocab_size": 32064,
                    "max_position_embeddings": 4096, "tie_word_embeddings": False}, 3_821_079_552,
     "model hub"),
    ("Llama-2-7B", {**LLAMA, "intermediate_size": 11008, "vocab_size": 32000,
                    "max_position_embeddings": 4096}, 6_738_415_616, "model hub"),
    ("Llama-3-8B", {**LLAMA, "intermediate_size": 14336, "num_key_value_heads": 8, "vocab_size": 128256,
                    "max_position_embeddings": 8192}, 8_030_261_248, "model hub"),
    ("Llama-3.2-1B", {**LLAMA, "hidden_size": 2048, "num_hidden_layers": 16, "intermediate_size": 8192,
                      "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256,
                      "tie_word_embeddings": True}, 1_235_814_400, "model hub"),
    ("Mistral-7B", {"model_type": "mistral", "hidden_size": 4096, "num_attention_heads": 32,
                    "num_hidden_layers": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
                    "vocab_size": 32000, "sliding_window": 4096, "tie_word_embeddings": False},
     7_241_732_096, "model hub"),
    ("Mixtral-8x7B", {"model_type": "mixtral", "hidden_size": 4096, "num_attention_heads": 32,
                      "num_hidden_layers": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
                      "vocab_size": 32000, "num_local_experts": 8, "num_experts_per_tok": 2,
                      "tie_word_embeddings": False}, 46_702_792_704, "KerasHub; paper: 47B"),
    ("Qwen2-7B", {"model_type": "qwen2", "hidden_size": 3584, "num_attention_heads": 28,
                  "num_hidden_layers": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
                  "vocab_size": 152064, "tie_word_embeddings": False}, 7_615_616_512, "model hub"),
    ("Qwen2-0.5B", {"model_type": "qwen2", "hidden_size": 896, "num_attention_heads": 14,
                    "num_hidden_layers": 24, "num_key_value_heads": 2, "intermediate_size": 4864,
                    "vocab_size": 151936, "tie_word_embeddings": True}, 494_032_768, "model hub"),
    ("Qwen3-8B", {"model_type": "qwen3", "hidden_size": 4096, "num_attention_heads": 32, "head_dim": 128,
                  "num_hidden_layers": 36, "num_key_value_heads": 8, "intermediate_size": 12288,
                  "vocab_size": 151936, "attention_bias": False, "tie_word_embeddings": False},
     8_190_735_360, "model hub"),
    ("Gemma-2B", {"model_type": "gemma", "hidden_size": 2048, "num_attention_heads": 8, "head_dim": 256,
                  "num_hidden_layers": 18, "num_key_value_heads": 1, "intermediate_size": 16384,
                  "vocab_size": 256000}, 2_506_172_416, "KerasHub"),
    ("Gemma-7B", {"model_type": "gemma", "hidden_size": 3072, "num_attention_heads": 16, "head_dim": 256,
                  "num_hidden_layers": 28, "num_key_value_heads": 16, "intermediate_size": 24576,
                  "vocab_size": 256000}, 8_537_680_896, "KerasHub"),
    ("Gemma-2-2B", {"model_type": "gemma2", "hidden_size": 2304, "num_attention_heads": 8, "head_dim": 256,
                    "num_hidden_layers": 26, "num_key_value_heads": 4, "intermediate_size": 9216,
                    "vocab_size": 256000}, 2_614_341_888, "model hub"),
    ("DeepSeek-V3", {"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
                     "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432,
                     "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
                     "num_experts_per_tok": 8, "first_k_dense_replace": 3, "q_lora_rank": 1536,
                     "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
                     "v_head_dim": 128, "vocab_size": 129280, "tie_word_embeddings": False},
     671_000_000_000, "paper: 671B"),
    ("T5-base", {"model_type": "t5", "is_encoder_decoder": True, "d_model": 768, "d_ff": 3072, "d_kv": 64,
                 "num_heads": 12, "num_layers": 12, "vocab_size": 32128, "n_positions": 512,
                 "relative_attention_num_buckets": 32}, 222_903_552, "KerasHub; paper: 220M"),
    ("Flan-T5-base", {"model_type": "t5", "is_encoder_decoder": True, "d_model": 768, "d_ff": 2048,
                      "d_kv": 64, "num_heads": 12, "num_layers": 12, "num_decoder_layers": 12,
                      "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "is_gated_act": True,
                      "relative_attention_num_buckets": 32, "tie_word_embeddings": False}, 247_577_856,
     "model hub"),
    ("BART-base", {"model_type": "bart", "is_encoder_decoder": True, "d_model": 768, "encoder_layers": 6,
                   "decoder_layers": 6, "encoder_attention_heads": 12, "decoder_attention_heads": 12,
                   "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072, "vocab_size": 50265,
                   "max_position_embeddings": 1024, "num_hidden_layers": 6}, 139_420_416, "model hub"),
    ("Whisper-small", {"model_type": "whisper", "is_encoder_decoder": True, "d_model": 768,
                       "encoder_layers": 12, "decoder_layers": 12, "encoder_attention_heads": 12,
                       "decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072,
                       "vocab_size": 51865, "num_mel_bins": 80, "max_source_positions": 1500,
                       "max_target_positions": 448, "num_hidden_layers": 12}, 241_734_912,
     "KerasHub; paper: 244M"),
    ("ViT-B/16", {"model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 768,
                  "num_attention_heads": 12, "num_hidden_layers": 12, "intermediate_size": 3072,
                  "image_size": 224, "patch_size": 16, "num_labels": 1000}, 86_567_656, "torchvision"),
    ("DINOv2-base", {"model_type": "dinov2", "architectures": ["Dinov2Model"], "hidden_size": 768,
                     "num_attention_heads": 12, "num_hidden_layers": 12, "mlp_ratio": 4,
                     "image_size": 518, "patch_size": 14}, 86_580_480, "model hub"),
    ("CLIP ViT-B/32", {"model_type": "clip", "projection_dim": 512, "text_config": {}, "vision_config": {}},
     151_277_313, "model hub"),
    ("LLaVA-1.5-7B", {"model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
                      "text_config": {"model_type": "llama", "vocab_size": 32064,
                                      "max_position_embeddings": 4096},
                      "vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024,
                                        "num_hidden_layers": 24, "num_attention_heads": 16,
                                        "intermediate_size": 4096, "patch_size": 14, "image_size": 336}},
     7_063_427_072, "model hub"),
    ("Gemma-3-4B", {"model_type": "gemma3", "text_config": {
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34}, "vision_config": {
            "model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
            "num_hidden_layers": 27, "num_attention_heads": 16, "patch_size": 14, "image_size": 896}},
     4_300_079_472, "model hub"),
    ("Qwen2-VL-7B", {"model_type": "qwen2_vl", "hidden_size": 3584, "num_attention_heads": 28,
                     "num_hidden_layers": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
                     "vocab_size": 152064, "tie_word_embeddings": False,
                     "vision_config": {"depth": 32, "embed_dim": 1280, "mlp_ratio": 4, "num_heads": 16,
                                       "hidden_size": 3584, "patch_size": 14, "spatial_merge_size": 2,
                                       "temporal_patch_size": 2}}, 8_291_375_616, "model hub"),
    ("Qwen2.5-VL-7B", {"model_type": "qwen2_5_vl", "hidden_size": 3584, "num_attention_heads": 28,
                       "num_hidden_layers": 28, "num_key_value_heads": 4, "intermediate_size": 18944,
                       "vocab_size": 152064, "tie_word_embeddings": False,
                       "vision_config": {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420,
                                         "num_heads": 16, "out_hidden_size": 3584, "patch_size": 14}},
     8_292_166_656, "model hub"),
    ("SigLIP-base", {"model_type": "siglip", "text_config": {}, "vision_config": {}}, 203_155_970,
     "model hub"),
    ("CLIP ViT-L/14", {"model_type": "clip", "projection_dim": 768, "text_config": {
        "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072}, "vision_config": {
            "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
            "intermediate_size": 4096, "patch_size": 14}}, 427_616_513, "model hub"),
    ("gpt-oss-20b", {"model_type": "gpt_oss", "hidden_size": 2880, "num_hidden_layers": 24,
                     "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 64,
                     "intermediate_size": 2880, "num_local_experts": 32, "num_experts_per_tok": 4,
                     "vocab_size": 201088}, 20_914_757_184, "model hub"),
    ("Llama-4-Scout, its text part", {
        "model_type": "llama4_text", "hidden_size": 5120, "num_hidden_layers": 48,
        "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 8192,
        "intermediate_size_mlp": 16384, "num_local_experts": 16, "num_experts_per_tok": 1,
        "vocab_size": 202048}, 107_769_861_120, "model hub"),
    ("ChatGLM3-6B", {"model_type": "chatglm", "hidden_size": 4096, "num_layers": 28,
                     "num_attention_heads": 32, "multi_query_attention": True,
                     "multi_query_group_num": 2, "ffn_hidden_size": 13696, "padded_vocab_size": 65024,
                     "add_qkv_bias": True}, 6_243_584_000, "model hub"),
    ("Mamba-130M", {"model_type": "mamba", "hidden_size": 768, "num_hidden_layers": 24, "state_size": 16,
                    "vocab_size": 50280, "expand": 2, "intermediate_size": 1536}, 129_135_360,
     "model hub"),
    ("DeBERTa-base", {"model_type": "deberta", "architectures": ["DebertaModel"], **BERT,
                      "vocab_size": 50265, "type_vocab_size": 0}, 138_601_728, "model hub"),
    ("all-MiniLM-L6-v2", {"model_type": "bert", "architectures": ["BertModel"], **BERT,
                          "hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536,
                          "vocab_size": 30522}, 22_713_216, "model hub"),
    ("ResNet-50", {"model_type": "resnet", "architectures": ["ResNetForImageClassification"],
                   "depths": [3, 4, 6, 3], "embedding_size": 64, "layer_type": "bottleneck",
                   "hidden_sizes": [256, 512, 1024, 2048], "num_labels": 1000}, 25_557_032, "torchvision"),
]  # fmt: skip
# kinds that a plan names in its own words
NAMED = [
    ({"kind": "vgg16", "classes": 1000}, 138_357_544), ({"kind": "mobilenet_v2", "classes": 1000}, 3_504_872),
    ({"kind": "efficientnet_b0", "classes": 1000}, 5_288_548),
    ({"kind": "densenet121", "classes": 1000}, 7_978_856),
    ({"kind": "wide_resnet50_2", "classes": 1000}, 68_883_240),
    ({"kind": "wide_resnet101_2", "classes": 1000}, 126_886_696),
    ({"kind": "vit-h-14", "classes": 1000}, 632_045_800), ({"kind": "vit-b-32", "classes": 1000}, 88_224_232),
    ({"kind": "openai/clip-vit-large-patch14"}, 427_616_513),
    ({"kind": "sentence-transformers/all-MiniLM-L6-v2"}, 22_713_216),
    ({"kind": "BAAI/bge-small-en-v1.5"}, 33_360_000), ({"kind": "llava-hf/llava-1.5-7b-hf"}, 7_063_427_072),
    ({"kind": "resnet18", "classes": 1000}, 11_689_512), ({"kind": "resnet152", "classes": 1000}, 60_192_808),
    ({"kind": "unet", "channels": [64, 128, 256, 512, 1024], "classes": 2}, 31_037_698),
    # the U-Nets of diffusers: Stable Diffusion 1.5, 2.1 and XL 1.0
    ({"kind": "CompVis/stable-diffusion-v1-4"}, 859_520_964), ({"kind": "sd15"}, 859_520_964),
    ({"kind": "stabilityai/stable-diffusion-2-1"}, 865_910_724),
    ({"kind": "stabilityai/stable-diffusion-xl-base-1.0"}, 2_567_463_684),
]  # fmt: skip


@pytest.mark.parametrize(("name", "config", "parameters", "source"), CONFIGS, ids=[c[0] for c in CONFIGS])
def test_a_config_has_the_parameters_that_were_published(name, config, parameters, source):
    document = read(json.dumps(config), "config.json")
    assert set(document.not_read) <= {"rotary_dim", "num_hidden_groups"}
    found = architecture.read(Sample(plan=document.plan))
    assert found.parameters == pytest.approx(parameters, rel=0.0001), source


@pytest.mark.parametrize(("model", "parameters"), NAMED, ids=[m["kind"] for m, _ in NAMED])
def test_picture_networks_have_the_parameters_of_torchvision_and_of_the_common_unet(model, parameters):
    assert architecture.read(Sample(plan={"model": model})).parameters == parameters


def test_a_pass_of_stable_diffusion_takes_the_sums_that_are_published():
    """The U-Net of v1 at 512 pixels: 339 thousand million products and attention, about 0.8 x 10^12 sums in
    all; the frozen encoder of pictures goes before it in training alone."""
    model = architecture.read(Sample(plan={"model": {"kind": "stable-diffusion-v1-5", "input_size": 512}}))
    once = ledger.answer(model, 1).flops
    assert 0.68e12 < once < 0.9e12
    trained = ledger.analyse(model, 1)
    assert 0.9e12 < trained.flops - 3 * once < 1.3e12
    assert trained.trained == 859_520_964
    assert trained.gradients == 4 * 859_520_964


def test_of_a_mixture_of_experts_a_token_meets_what_was_published():
    """Mixtral: 12.9 of 47 billion (Jiang et al. 2024); DeepSeek-V3: 37 of 671 (DeepSeek-AI 2024)."""
    active = {name: architecture.read(Sample(plan=read(json.dumps(config)).plan)).active
              for name, config, *_ in CONFIGS if name in ("Mixtral-8x7B", "DeepSeek-V3")}  # fmt: skip
    assert active["Mixtral-8x7B"] == 12_879_925_248
    assert active["DeepSeek-V3"] == pytest.approx(37e9, rel=0.03)
