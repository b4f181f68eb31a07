"""A training that goes on from an adapter: its weights, laid into a fresh one, whatever the labels of either."""

from typing import TYPE_CHECKING, Any

from piispan.core import ADAPTER_WEIGHTS, LabelSet, ModelError, Sidecar
from piispan.core.segments import tag_token_names
from piispan.tagger import adapter_folder

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["begin_from"]

_TAG_ROWS = "trainable_tokens_delta"
"""What PEFT calls the rows of trained tokens; it stores the rows themselves."""


def begin_from(adapted: Any, start: str, labels: LabelSet) -> None:
    """Lay an adapter's weights into a fresh one, in place.

    The rows of special tag tokens go by the names of the labels; a label that the other lacks keeps the row that it begins with anyway.

    Args:
        adapted: The PEFT model that is about to be trained.
        start: Folder or Hub id of the adapter to begin from, over the same base.
        labels: The label set of ``adapted``.

    Raises:
        ModelError: If there is no such adapter, or it is of another shape.
        SidecarError: If it is an adapter of another package.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    folder = adapter_folder(start)
    if folder is None or not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(f"{start}: is no adapter to begin from")
    theirs = load_file(folder / ADAPTER_WEIGHTS)
    sidecar = Sidecar.load(folder)
    weights: dict[str, Tensor] = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    for name, value in weights.items():
        if name.endswith(_TAG_ROWS):
            weights[name] = _rows(value, theirs.get(name), labels, sidecar.labels)
        elif name not in theirs or theirs[name].shape != value.shape:
            raise ModelError(f"{start}: an adapter of another base, kind or rank cannot be begun from")
        else:
            weights[name] = theirs[name]
    set_peft_model_state_dict(adapted, weights)


def _rows(ours: "Tensor", theirs: "Tensor | None", labels: LabelSet, their_labels: LabelSet) -> "Tensor":
    rows = ours.detach().clone()
    if theirs is not None:  # else their tags are text
        places = {name: place for place, name in enumerate(tag_token_names(their_labels))}
        for place, name in enumerate(tag_token_names(labels)):
            if name in places:
                rows[place] = theirs[places[name]].to(rows)
    return rows
