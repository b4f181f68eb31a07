"""An adapter's operating point, chosen on documents it was not trained on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import get_args

from piispan.core import DataError, Document, ModelError, Sidecar
from piispan.dataset_builder import SplitKind, fixed_split, read_documents
from piispan.runs.artifacts import documents_sha256
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.runs.progress import Progress, Silent
from piispan.runs.quickstart import read_split
from piispan.tagger import BIAS_GRID, OperatingPoint, Tagger, read_sidecar

__all__ = ["calibrate"]


def calibrate(
    adapter: str | Path,
    data: str | Path,
    *,
    split: SplitKind | None = None,
    target_recall: float = 0.99,
    delta: float = 0.05,
    base: str | None = None,
    progress: Progress | None = None,
) -> OperatingPoint:
    """Choose a tag bias that keeps a promise on recall, and save it in the adapter's ``piispan.json``.

    It is used only when asked for. The promise holds for documents drawn like those of ``data``.

    Args:
        adapter: Folder of an adapter.
        data: Labelled documents that the adapter was neither trained nor chosen on.
        split: Calibrate on the validation part of this split of ``data``; without it, on all of it.
        target_recall: Wanted share of a document's PII characters found, on average over documents that hold PII.
        delta: Probability with which the promise may fail.
        base: Where the adapter's base is, when it was trained on a local folder.
        progress: A unit per document and bias.

    Raises:
        CalibrationError: If no bias keeps the promise; says how many documents would be needed.
        DataError: If ``documents`` are those trained on, or a split of them gives those trained on.
        ModelError: If ``adapter`` is no local adapter.
    """
    sidecar = read_sidecar(adapter)
    if sidecar is None or not Path(adapter).is_dir():
        raise ModelError(f"{adapter}: an operating point is saved in the adapter's folder, and this is none")
    documents = read_documents(data, labels=sidecar.labels)[0] if split is None else read_split(data, split, sidecar.labels).validation
    _refuse_training_documents(documents, sidecar, data)
    quiet_libraries()
    tagger = Tagger.from_pretrained(adapter, decoder="verbatim", dtype=fastest_dtype(), base=base)
    bar = progress or Silent()
    bar.start("Calibrating", len(BIAS_GRID) * sum(bool(document.spans) for document in documents), "documents")
    point = tagger.calibrate(documents, target_recall=target_recall, delta=delta, progress=bar.advance)
    bar.finish()
    replace(Sidecar.load(adapter), operating_point=point.to_dict()).save(adapter)
    return point


def _refuse_training_documents(documents: Sequence[Document], sidecar: Sidecar, data: str | Path) -> None:
    trained = [documents]
    for kind in get_args(SplitKind):
        with suppress(DataError):  # too few documents, or groups, to split
            trained.append(fixed_split(documents, kind).train)
    if sidecar.training_sha256 in {documents_sha256(part) for part in trained}:
        raise DataError(f"{data}: holds the documents that the adapter was trained on; calibrate on others, or say --split")
