"""A tokenizer and a model with fewer token ids: new numbers, everything else as it was."""

import copy
import json
from itertools import chain
from typing import Any, TypeVar

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from hf_mixtrain.errors import InputError

_Model = TypeVar("_Model", bound=PreTrainedModel)


def renumbered_tokenizer(
    tokenizer: PreTrainedTokenizerFast, spec: dict[str, Any], new_ids: dict[int, int]
) -> PreTrainedTokenizerFast:
    """Return a tokenizer that has only the pieces in ``new_ids`` (old id to new id) and is otherwise the same."""
    model = dict(spec["model"])
    if model["type"] == "Unigram":
        kept = sorted((new_ids[old], entry) for old, entry in enumerate(model["vocab"]) if old in new_ids)
        model["vocab"] = [entry for _, entry in kept]
        model["unk_id"] = None if model["unk_id"] is None else new_ids[model["unk_id"]]
    else:
        model["vocab"] = {piece: new_ids[old] for piece, old in model["vocab"].items() if old in new_ids}
    if model["type"] == "BPE":
        model["merges"] = [
            (left, right) for left, right in model["merges"] if {left, right, left + right} <= model["vocab"].keys()
        ]
    added = [token | {"id": new_ids[token["id"]]} for token in spec["added_tokens"]]
    changed = {
        "model": model,
        "added_tokens": sorted(added, key=lambda token: token["id"]),
        "post_processor": _renumbered_processor(spec["post_processor"], new_ids),
        "padding": spec["padding"] and spec["padding"] | {"pad_id": new_ids[spec["padding"]["pad_id"]]},
    }
    # The general class, which takes tokenizer.json as it is: others build themselves anew and expect fixed ids.
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(spec | changed)),
        **tokenizer.special_tokens_map,
        extra_special_tokens=tokenizer.extra_special_tokens,
        model_max_length=tokenizer.model_max_length,
        model_input_names=tokenizer.model_input_names,
        padding_side=tokenizer.padding_side,
        truncation_side=tokenizer.truncation_side,
        clean_up_tokenization_spaces=tokenizer.clean_up_tokenization_spaces,
        add_prefix_space=getattr(tokenizer, "add_prefix_space", False),
    )


def _renumbered_processor(processor: dict[str, Any] | None, new_ids: dict[int, int]) -> dict[str, Any] | None:
    if processor is None:
        return None
    changed: dict[str, Any] = {}
    if processor["type"] == "Sequence":
        changed["processors"] = [_renumbered_processor(part, new_ids) for part in processor["processors"]]
    if processor["type"] == "TemplateProcessing":
        tokens = processor["special_tokens"].items()
        changed["special_tokens"] = {
            name: token | {"ids": [new_ids[old] for old in token["ids"]]} for name, token in tokens
        }
    if processor["type"] in ("BertProcessing", "RobertaProcessing"):
        changed |= {key: [processor[key][0], new_ids[processor[key][1]]] for key in ("cls", "sep")}
    return processor | changed


def input_embeddings(model: PreTrainedModel) -> nn.Embedding:
    """Return a model's table of input embeddings.

    Raises:
        InputError: If there is none, or it has not the size that the configuration says.
    """
    embeddings, size = model.get_input_embeddings(), model.config.get_text_config().vocab_size
    if not isinstance(embeddings, nn.Embedding) or embeddings.num_embeddings != size:
        found = getattr(embeddings, "num_embeddings", type(embeddings).__name__)
        raise InputError(f"Trimming needs one table of {size} input embeddings. {type(model).__name__} has {found}.")
    return embeddings


def configured_ids(model: PreTrainedModel) -> set[int]:
    """Return the token ids in a model's configurations, as far as they have an embedding."""
    embeddings = input_embeddings(model)
    values = [value for config in _configs(model) for value in _token_ids(config).values()]
    ids = {embeddings.padding_idx, *chain.from_iterable(v if isinstance(v, list) else [v] for v in values)}
    # Ids without embedding (a default of the configuration's class) mean nothing, before and after.
    return {i for i in ids if i is not None and 0 <= i < embeddings.num_embeddings}


def _configs(model: PreTrainedModel) -> list[Any]:
    configs = [model.config, model.config.get_text_config(), getattr(model, "generation_config", None)]
    return list({id(config): config for config in configs if config is not None}.values())


def _token_ids(config: Any) -> dict[str, int | list[int]]:
    """Return the settings of a configuration that are ids of tokens."""
    found = {key: value for key, value in vars(config).items() if key.endswith("_token_id")}
    return {key: value for key, value in found.items() if value is not None}


def renumbered_model(
    model: _Model, dimensions: dict[int, int], new_ids: dict[int, int], within: torch.Tensor | None = None
) -> _Model:
    """Return a copy of ``model`` for other token ids, which shares all other tensors with it.

    Args:
        model: The model; it is left as it is.
        dimensions: For each tensor that holds something for each token id: its `id`, and in which dimension.
        new_ids: Old id to new id.
        within: Larger table of embeddings, for ids that the model does not have; None: ``new_ids`` has all ids.
    """
    # `memo` tells deepcopy what is there already: modules and configurations are copied, tensors are shared.
    copied = copy.deepcopy(model, {id(tensor): tensor for tensor in chain(model.parameters(), model.buffers())})
    kept = torch.tensor(sorted(new_ids, key=new_ids.__getitem__))
    size, replaced = input_embeddings(model).num_embeddings, {}
    new_size = len(new_ids) if within is None else len(within)
    for tensor in chain(model.parameters(), model.buffers()):
        if id(tensor) in dimensions:
            if within is None:
                rows = tensor.detach().index_select(dimensions[id(tensor)], kept.to(tensor.device))
            else:
                order = [new_ids[old] for old in range(size)]
                rows = within.detach().to(tensor, copy=True).index_copy_(0, torch.tensor(order), tensor.detach())
            is_parameter = isinstance(tensor, nn.Parameter)
            replaced[id(tensor)] = nn.Parameter(rows, tensor.requires_grad) if is_parameter else rows
    for name, module in copied.named_modules():
        held = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        for key, tensor in held:
            setattr(module, key, replaced.get(id(tensor), tensor))
        _renumber_settings(module, name, any(id(tensor) in replaced for _, tensor in held), (size, new_size), new_ids)
    for config in _configs(copied):
        for key, value in _token_ids(config).items():
            many = isinstance(value, list)
            new = [new_ids.get(old, old) for old in (value if isinstance(value, list) else [value])]
            setattr(config, key, new if many else new[0])
        if getattr(config, "vocab_size", None) is not None:
            config.vocab_size = new_size
    return copied


def _renumber_settings(
    module: nn.Module, name: str, of_vocabulary: bool, rows: tuple[int, int], new_ids: dict[int, int]
) -> None:
    """Correct what a module remembers of the size of the vocabulary and of ids in it."""
    for key, value in list(vars(module).items()):
        if key == "vocab_size" or (of_vocabulary and key in ("num_embeddings", "out_features")):
            setattr(module, key, rows[1] if value == rows[0] else value)
        elif key == "padding_idx" and of_vocabulary:
            setattr(module, key, None if value is None else new_ids[value])
        elif (key == "padding_idx" or key.endswith("_token_id")) and new_ids.get(value, value) != value:
            raise InputError(f"Trimming would change {name}.{key}, and the model reads it. Do not trim this one.")
