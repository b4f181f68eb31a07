"""An adapter's folder as it is to be published: under its name on the Hub, over a base with a pinned revision."""

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from piispan.core import ADAPTER_CONFIG, HUB_ID, Sidecar, check_adapter_files, files_sha256, is_read, read_adapter_config
from piispan.model_card import CARD_NAME, CardError, read_facts, write_card
from piispan.tagger import save_merged

__all__ = ["AS_IT_IS", "Publication", "stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is said of an adapter when it is published, and what goes with it.

    Args:
        repo_id: Its name on the Hub, ``owner/name``; the card's own without it.
        base_model: Hub id of the base, where the run could not know it.
        base_revision: The base's commit, 40 hex digits.
        dataset: Hub id of the data trained on, if it is there.
        merged: Publish the base with the adapter merged in instead: a whole model, for servers that take no adapter.
        base: Where the base is, for merging, when the adapter was trained on a local folder.

    Raises:
        CardError: If an id is malformed.
    """

    repo_id: str | None = None
    base_model: str | None = None
    base_revision: str | None = None
    dataset: str | None = None
    merged: bool = False
    base: str | None = None

    def __post_init__(self) -> None:
        for flag, given in (("--base-model", self.base_model), ("--dataset", self.dataset)):
            if given is not None and not (HUB_ID.fullmatch(given) and "/" in given):
                raise CardError(f"{flag} must be owner/name on the Hub, was: {given!r}")


AS_IT_IS = Publication()
"""Nothing is said that the folder does not say itself."""


def stage(adapter: str | Path, folder: Path, publication: Publication) -> None:
    """Fill a new folder with what is published of an adapter's; the adapter's own stays as it is.

    The card is written anew for the name and the base; what its owner added to it is kept.

    Raises:
        CardError: If the facts of the card cannot be read.
        SidecarError: If the adapter's files do not belong together: staging would make a change look whole.
        ModelError: If the weights cannot be merged.
    """
    place = Path(adapter)
    sidecar = Sidecar.load(place)
    check_adapter_files(place, sidecar, adapter)
    old = read_facts(place)
    changed = replace(
        sidecar,
        base_model=publication.base_model or sidecar.base_model,
        base_revision=publication.base_revision or sidecar.base_revision,
        merged=publication.merged or sidecar.merged,
    )
    if publication.merged:
        save_merged(place, folder, base=publication.base)
    else:
        _link_weights(place, folder, changed)
    changed = replace(changed, files_sha256=files_sha256(folder))
    facts = replace(
        old,
        model_name=publication.repo_id or old.model_name,
        sidecar=changed,
        data=replace(old.data, hub_id=publication.dataset or old.data.hub_id),
    )
    for name in old.pictures:
        _link(place / name, folder / name)
    if (place / CARD_NAME).is_file():
        shutil.copyfile(place / CARD_NAME, folder / CARD_NAME)
    changed.save(folder)
    write_card(folder, facts, over=old)


def _link_weights(place: Path, folder: Path, sidecar: Sidecar) -> None:
    """The files that loading reads, and PEFT's configuration for the sidecar's base."""
    for path in place.iterdir():
        if is_read(path.name) and path.name != ADAPTER_CONFIG:
            _link(path, folder / path.name)
    if sidecar.merged:
        return
    config = {**read_adapter_config(place, place), "base_model_name_or_path": sidecar.base_model, "revision": sidecar.base_revision}
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")


def _link(path: Path, target: Path) -> None:
    """The same file in another place, or a copy where the file system has no links; what is no file is left."""
    if not path.is_file():
        return
    try:
        os.link(path.resolve(), target)
    except OSError:
        shutil.copyfile(path, target)
