"""The documents of a cell: those that it trains on, and those that it is measured on."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from piispan.core import DataError, Document, Sidecar
from piispan.dataset_builder import Split, is_split_folder, read_documents, read_split, whole_groups
from piispan.runs.artifacts import documents_sha256, splits_of, used_sha256s
from piispan.runs.study.grid import Cell

__all__ = ["CellDocuments", "check_dealt", "sha256s_of"]


@dataclass(frozen=True, slots=True)
class CellDocuments:
    """What a cell trains and is measured on.

    Args:
        parts: The split that they come from.
        training: Without the labels that are held out; empty where nothing was trained for what is measured.
        measured: The test or the validation part.
    """

    parts: Split
    training: tuple[Document, ...]
    measured: tuple[Document, ...]

    @classmethod
    def of(cls, cell: Cell, data: str | Path) -> "CellDocuments":
        """Those of labelled documents, see ``read_split``.

        Raises:
            DataError: If the data cannot be read, or there are not so many documents as the cell trains on.
            LabelError: If a label is none of the cell's.
        """
        parts = read_split(data, cell.split, cell.settings.label_set)
        return cls(parts, _training(cell, parts), parts.test if cell.part == "test" else parts.validation)

    def facts(self) -> dict[str, Any]:
        """Their numbers and hashes, and how many are measured of which the training had the text, or another of the group."""
        texts = {document.text for document in self.training}
        measured, trained = self._groups(self.training)
        return {
            "training_documents": len(self.training),
            "measured_documents": len(self.measured),
            "measured_texts_trained_on": sum(document.text in texts for document in self.measured),
            "measured_of_trained_groups": sum(group is not None and group in trained for group in measured),
            **self.sha256s(),
        }

    def sha256s(self) -> dict[str, str]:
        """Their hashes."""
        return {"training_sha256": documents_sha256(self.training), "measured_sha256": documents_sha256(self.measured)}

    def units(self) -> list[int]:
        """For each measured document the number of what is resampled with it: its group, where groups were dealt whole; else itself."""
        measured, trained = self._groups(self.parts.train)
        if None in measured or not set(measured).isdisjoint(trained):
            return list(range(len(measured)))
        numbers = {group: number for number, group in enumerate(dict.fromkeys(measured))}
        return [numbers[group] for group in measured]

    def check_unseen(self, cell: Cell, data: str | Path, sidecar: Sidecar) -> None:
        """Check that an adapter which the cell begins from, or measures, saw nothing of what is measured: neither those documents, nor a
        part of this data that is dealt otherwise, which would hold some of them.

        Raises:
            DataError: If it did, by the hashes of its documents; of a draw from them, nothing is known.
        """
        here = self.parts
        own = [here.train] if cell.part == "validation" else [here.train, here.validation, (*here.train, *here.validation)]
        whole = () if is_split_folder(data) else read_documents(data)[0]
        others = [self.measured, whole]
        for dealt in [here] if is_split_folder(data) else splits_of(whole):
            others += [dealt.train, dealt.validation, dealt.test, (*dealt.train, *dealt.validation)]
        if not used_sha256s(sidecar).isdisjoint({*map(documents_sha256, others)} - {*map(documents_sha256, own)}):
            raise DataError(f"{cell.place}: {Path(cell.start or '').name} was trained on documents that would be measured")

    def _groups(self, others: tuple[Document, ...]) -> tuple[list[str | None], set[str | None]]:
        """The groups of the measured documents, and those of others."""
        groups = whole_groups([*self.measured, *others])
        return groups[: len(self.measured)], set(groups[len(self.measured) :])


def _training(cell: Cell, parts: Split) -> tuple[Document, ...]:
    if not cell.is_seeded:
        return ()
    pool = parts.train if cell.part == "validation" else (*parts.train, *parts.validation)
    chosen = pool if cell.refit else parts.train
    if cell.documents is not None:
        if cell.documents > len(pool):
            raise DataError(f"{cell.place}: asks for {cell.documents} documents to train on, and its training part has {len(pool)}")
        candidates = parts.train if cell.documents <= len(parts.train) else pool
        chosen = tuple(random.Random(cell.settings.seed).sample(candidates, cell.documents))  # noqa: S311 -- a draw, not a secret
    return tuple(replace(d, spans=tuple(span for span in d.spans if span.label not in cell.held_out)) for d in chosen)


def check_dealt(cells: Sequence[Cell], data: str | Path) -> None:
    """Check that documents are not measured twice under two names.

    Raises:
        DataError: If the data is dealt already, and the cells ask for more than one split.
    """
    if is_split_folder(data) and len({cell.split for cell in cells}) > 1:
        raise DataError(
            f"{data}: is dealt already, so that all splits would be the same documents; ask for the cells of one (--only random)"
        )


@lru_cache
def sha256s_of(cell: Cell, data: str) -> dict[str, str]:
    """The hashes of a cell's documents, as they stand in its configuration.

    Raises:
        DataError: As ``CellDocuments.of``.
        LabelError: As ``CellDocuments.of``.
    """
    return CellDocuments.of(cell, data).sha256s()
