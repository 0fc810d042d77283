"""Settings that cannot change a result: of all of them, or of some methods."""

from collections.abc import Mapping
from typing import Any

from hf_mixtrain.methods import METHODS

#: They say where files go, what is shown and how fast it goes, not what comes out; or they are keys of a results file
#: themselves. A size of a batch in evaluation is among them: it decides how rows are put together, not their outputs.
NEUTRAL_SETTINGS = frozenset(
    {
        *("task", "method", "shots", "seeds", "seed", "data_seed", "languages", "model_name_or_path"),
        *(
            "save_models",
            "save_predictions",
            "license",
            "overwrite",
            "overwrite_output_dir",
            "cell_index",
            "cell_count",
            "launcher",
            "launcher_options",
            "workers",
        ),
        *("dry_run", "list_tasks", "verbose", "output_dir", "do_train", "do_eval", "do_predict", "local_rank"),
        *("disable_tqdm", "report_to", "run_name", "project", "trackio_space_id", "trackio_bucket_id"),
        *("trackio_static_space_id", "logging_strategy", "logging_steps", "logging_first_step", "logging_dir"),
        *("logging_nan_inf_filter", "log_level", "log_level_replica", "log_on_each_node", "skip_memory_metrics"),
        *("include_num_input_tokens_seen", "save_strategy", "save_steps", "save_total_limit", "save_only_model"),
        *("save_on_each_node", "enable_jit_checkpoint", "push_to_hub", "hub_model_id", "hub_private_repo"),
        *("per_device_eval_batch_size", "eval_accumulation_steps", "eval_steps", "eval_delay", "eval_on_start"),
        *("eval_do_concat_batches", "eval_use_gather_object", "batch_eval_metrics", "include_for_metrics"),
        *("prediction_loss_only", "bf16_full_eval", "fp16_full_eval", "torch_empty_cache_steps"),
        *("dataloader_num_workers", "dataloader_pin_memory", "dataloader_persistent_workers"),
        *("dataloader_prefetch_factor", "dataloader_multiprocessing_context", "dataloader_in_order"),
        *("ddp_timeout", "ddp_backend", "ddp_bucket_cap_mb"),
    }
)

OF_ADAPTING = frozenset({"adapt_epochs", "adapt_learning_rate"})
OF_SURGERY = frozenset({
    *("surgery", "surgery_scope", "surgery_probability"),
    *("oracle_batch_size", "oracle_languages_per_step", "oracle_include_source"),
})  # fmt: skip
_OF_SHOTS = frozenset({"shots_per", "shots_file"})
_LOOKS = ("source-dev", "target-dev")


def deciding_settings(settings: Mapping[str, Any], method: str) -> dict[str, Any]:
    """Return those of some settings that can change a result of a method.

    Args:
        settings: Flags with their values, such as the ``settings`` of a results file.
        method: Name of the method; of an unknown one, all settings are taken to count that are not neutral.

    Example:
        >>> settings = {"adapt_epochs": 5, "learning_rate": 1e-4, "dataloader_num_workers": 2}
        >>> deciding_settings(settings, "mix-ft")
        {'adapt_epochs': 5, 'learning_rate': 0.0001}
        >>> deciding_settings(settings, "naive-mix-train")
        {'learning_rate': 0.0001}
    """
    found = {name: value for name, value in settings.items() if name not in NEUTRAL_SETTINGS}
    if method not in METHODS:
        return found
    stages = METHODS[method].stages
    unused: set[str] = set()
    if not any(stage.adapts for stage in stages):
        unused |= OF_ADAPTING
    if not METHODS[method].uses_shots:
        unused |= _OF_SHOTS
    if all(stage.select_on is not None for stage in stages):
        unused |= {"select_on"}
    if not any((stage.select_on or settings.get("select_on")) in _LOOKS and not stage.adapts for stage in stages):
        unused |= {"select_steps"}
    return {name: value for name, value in found.items() if name not in unused}
