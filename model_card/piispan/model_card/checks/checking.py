"""``check_folder``: everything that must hold before an adapter and its card are published, and may be asked of them afterwards."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from piispan.core import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    HUB_ID,
    SIDECAR_NAME,
    PiispanError,
    Sidecar,
    SidecarError,
    check_adapter_files,
    read_adapter_config,
    sha256_of_files,
)
from piispan.model_card.checks.card_text import card_text_faults
from piispan.model_card.checks.copied_text import copied_text_faults
from piispan.model_card.checks.faults import Fault
from piispan.model_card.checks.published_files import PICTURES, published_files
from piispan.model_card.checks.secrets import Secrets, secret_faults
from piispan.model_card.checks.texts import Piece, pieces_of, png_chunks, safetensors_header
from piispan.model_card.errors import CardError
from piispan.model_card.facts import CardFacts
from piispan.model_card.writing import CARD_NAME, FACTS_NAME, read_facts

__all__ = ["check_files", "check_folder"]

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PICTURE_CHUNKS = frozenset({"IHDR", "PLTE", "tRNS", "pHYs", "gAMA", "sRGB", "sBIT", "IDAT", "IEND"})
"""Chunks without text; matplotlib writes no others when it is told to name no software."""
_WHOLE_LAYER = re.compile(r"(embed_tokens|wte|lm_head|embed_out)\.(modules_to_save\.\w+\.|base_layer\.)?weight$")


def check_folder(folder: str | Path, *, training_texts: Iterable[str] | None = None, secrets: Secrets = Secrets()) -> list[Fault]:  # noqa: B008 -- frozen
    """What keeps an adapter's folder from being published; nothing when it may be.

    Every number on the card equals that of ``card_facts.json``, the card's sections are there, the base is a Hub id with a pinned
    revision, the files are those that their SHA-256 say, and no published file holds a token, a local path, an e-mail address, a name of
    this machine, or eight words in a row of the training text.

    Args:
        folder: The adapter's folder, or a copy of its repository.
        training_texts: The documents trained on, read once and only compared; ``None`` leaves that comparison out.
        secrets: What is known of this machine; see ``Secrets.here``.

    Returns:
        The faults, by file.
    """
    place = Path(folder)
    if not place.is_dir():
        return [Fault(str(folder), "no such folder", "give the folder of an adapter")]
    try:
        sidecar, facts = Sidecar.load(place), read_facts(place)
        readme = (place / CARD_NAME).read_text("utf-8")
    except SidecarError as error:
        return [Fault(SIDECAR_NAME, _reason(error, place), "give the folder of an adapter that piispan trained")]
    except CardError as error:
        return [Fault(FACTS_NAME, _reason(error, place), "train or evaluate again, so that it is written anew")]
    except (OSError, UnicodeDecodeError):
        return [Fault(CARD_NAME, "is missing or is no UTF-8", "write the card anew: piispan card write")]
    files = published_files(place)
    public = (facts.model_name, sidecar.base_model, facts.data.hub_id or "")
    return [
        *_base_faults(sidecar),
        *_adapter_faults(place, sidecar),
        *_picture_faults(place, facts),
        *card_text_faults(readme, facts),
        *check_files(files, training_texts=training_texts, secrets=secrets, public=public),
    ]


def check_files(
    files: Mapping[str, Path], *, training_texts: Iterable[str] | None = None, secrets: Secrets, public: Iterable[str]
) -> list[Fault]:
    """What the text in files gives away; see ``check_folder``.

    Args:
        files: The files by their names in the repository.
        training_texts: Texts of which nothing may be copied, or ``None``.
        secrets: What is known of this machine.
        public: Strings that may stand anywhere, such as the repository's id.
    """
    faults, pieces, known = list[Fault](), dict[str, list[Piece]](), tuple(public)
    for name, path in files.items():
        try:
            pieces[name] = pieces_of(path)
            odd = sorted(png_chunks(path) - _PICTURE_CHUNKS) if path.suffix == ".png" else []
        except (ValueError, KeyError, TypeError, OSError, RecursionError):
            faults.append(Fault(name, "cannot be read as what its ending says", "write it again, or leave it out"))
            continue
        if odd:
            faults.append(Fault(name, f"a picture with something beside the picture ({', '.join(odd)})", "save it without metadata"))
        faults += secret_faults(name, pieces[name], secrets, known)
    return faults + ([] if training_texts is None else copied_text_faults(pieces, training_texts))


def _base_faults(sidecar: Sidecar) -> Iterator[Fault]:
    if "/" not in sidecar.base_model or not HUB_ID.fullmatch(sidecar.base_model):
        yield Fault(
            SIDECAR_NAME, "the base model is no Hub id (owner/name)", "say which it is: --base-model OWNER/NAME --base-revision COMMIT"
        )
    if not _COMMIT.fullmatch(sidecar.base_revision or ""):
        mend = f"say which commit of {sidecar.base_model} it is: --base-revision, with 40 hex digits (another model: --base-model too)"
        yield Fault(SIDECAR_NAME, "the base model has no pinned revision", mend)


def _adapter_faults(folder: Path, sidecar: Sidecar) -> Iterator[Fault]:
    try:
        check_adapter_files(folder, sidecar, folder)
        if not sidecar.files_sha256:
            yield Fault(SIDECAR_NAME, "does not say the SHA-256 of the files", "train again, with this version")
        if sidecar.merged:
            return
        revision = read_adapter_config(folder, folder).get("revision")
        layers = [name for name in safetensors_header(folder / ADAPTER_WEIGHTS) if _WHOLE_LAYER.search(name)]
    except SidecarError as error:
        yield Fault(SIDECAR_NAME, _reason(error, folder), "give the folder as training left it")
        return
    except (ValueError, KeyError, TypeError, OSError):
        yield Fault(ADAPTER_WEIGHTS, "cannot be read as safetensors", "give the folder as training left it")
        return
    if revision != sidecar.base_revision:
        yield Fault(ADAPTER_CONFIG, "the base model's revision is not pinned there", "let piispan write it: --base-revision COMMIT")
    if layers:
        yield Fault(ADAPTER_WEIGHTS, "holds whole embedding layers", "save the adapter with save_embedding_layers=False")


def _picture_faults(folder: Path, facts: CardFacts) -> Iterator[Fault]:
    for name in PICTURES:
        if name not in facts.pictures and (folder / name).exists():
            yield Fault(name, f"is no picture of {FACTS_NAME}", "take it away")
    for name, digest in facts.pictures.items():
        path = folder / name
        if not path.is_file() or sha256_of_files([path]) != digest:
            yield Fault(
                name, f"is not the picture of {FACTS_NAME} (SHA-256 differs)", "put back the picture that was drawn from the scores"
            )


def _reason(error: PiispanError, folder: Path) -> str:
    """An error without the path in front of it, which the reader knows."""
    message = str(error)
    for path in (*(folder / name for name in (SIDECAR_NAME, FACTS_NAME)), folder):
        message = message.removeprefix(f"{path}: ")
    return message
