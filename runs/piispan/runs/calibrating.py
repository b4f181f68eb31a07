"""An adapter's operating point, chosen on documents it was not trained on."""

from dataclasses import replace
from pathlib import Path

from piispan.core import DataError, ModelError
from piispan.dataset_builder import SplitKind, read_part, read_split
from piispan.model_card import FACTS_NAME, read_facts, write_card
from piispan.runs.artifacts import trained_on
from piispan.runs.machine import fastest_dtype, quiet_libraries
from piispan.runs.progress import Progress, Silent
from piispan.tagger import BIAS_GRID, OperatingPoint, Tagger, calibration_documents, check_enough, read_sidecar

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

    The card says so, and keeps what its owner wrote. The bias is used only when asked for. The promise holds for documents drawn like
    those of ``data``.

    Args:
        adapter: Folder of an adapter.
        data: Labelled documents that the adapter was neither trained nor chosen on.
        split: Calibrate on the validation part of this split of ``data``; without it, on all of it.
        target_recall: Wanted share of a document's PII characters found, on average over documents that hold PII.
        delta: Probability with which the promise may fail.
        base: Where the adapter's base is, when it was trained on a local folder.
        progress: A unit per document and bias; fewer are done where a bias fails.

    Raises:
        CalibrationError: If no bias keeps the promise, or so few documents could not show it, which is said before any model is
            loaded; says how many would be needed.
        DataError: If ``documents`` are those trained on, or a split of them gives those trained on.
        ModelError: If ``adapter`` is no local adapter.
    """
    sidecar = read_sidecar(adapter)
    if sidecar is None or not Path(adapter).is_dir():
        raise ModelError(f"{adapter}: an operating point is saved in the adapter's folder, and this is none")
    known = sidecar.labels
    documents = read_part(data, "validation", labels=known) if split is None else read_split(data, split, known).validation
    if trained_on(sidecar, documents):
        raise DataError(f"{data}: holds the documents that the adapter was trained or chosen on; calibrate on others, or say --split")
    counting = len(calibration_documents(documents))
    check_enough(counting, target_recall=target_recall, delta=delta)
    facts = read_facts(adapter) if (Path(adapter) / FACTS_NAME).is_file() else None
    quiet_libraries()
    tagger = Tagger.from_pretrained(adapter, decoder="verbatim", dtype=fastest_dtype(), base=base)
    bar = progress or Silent()
    bar.start(f"Calibrating, at most {len(BIAS_GRID)} passes", len(BIAS_GRID) * counting, "readings")
    point = tagger.calibrate(documents, target_recall=target_recall, delta=delta, progress=bar.advance)
    bar.finish()
    calibrated = replace(sidecar, operating_point=point.to_dict())
    calibrated.save(adapter)
    if facts is not None:
        write_card(adapter, replace(facts, sidecar=calibrated), over=facts)
    return point
