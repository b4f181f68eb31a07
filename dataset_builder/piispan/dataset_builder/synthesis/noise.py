"""Typing errors and marks of optical character recognition, with every span kept on its value.

An edit never reaches across the edge of a value, so a span covers all of its value as it is now written, and nothing else. Noise
inside a value is noise in personal data, which is personal data still.
"""

import random
import re
from collections.abc import Callable, Sequence

from piispan.core import Span
from piispan.dataset_builder.partitions import Partition, is_on_side, value_key
from piispan.dataset_builder.synthesis.frames import Slot
from piispan.dataset_builder.synthesis.grammar import pick

__all__ = ["roughen"]

_RATES = {"typos": (0.02, 0.08), "ocr": (0.03, 0.12)}
"""The least and the greatest share of characters hit: of letters in words, and of characters that scanners confuse."""
_LOST_SPACE, _BROKEN_WORD, _STRAY_DOT = 0.4, 0.15, 0.15
"""How much rarer than a confused character these are, where they can be."""
_TRIES = 8

_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {row[i]: row[max(i - 1, 0) : i] + row[i + 1 : i + 2] for row in _ROWS for i in range(len(row))}

_CONFUSED = {"0": "O", "O": "0", "1": "l", "l": "1", "I": "l", "5": "S", "S": "5", "8": "B", "B": "8", "rn": "m", "m": "rn", "cl": "d"}
_BREAKABLE = re.compile(r"(?<=[^\W\d_]{3})(?=[^\W\d_]{3})")

_PAIRS = ("己已", "未末", "日曰", "土士", "人入", "大太", "干千", "王玉", "白自", "0O", "1l")
_CONFUSED_HAN = {pair[side]: pair[1 - side] for pair in _PAIRS for side in (0, 1)}

Editor = Callable[[str, random.Random, float, bool], str]
"""Writes a piece anew: the piece, source of chance, share of characters to hit, whether it is a value."""


def roughen(
    text: str, spans: Sequence[Span], slots: Sequence[Slot], rng: random.Random, *, language: str, partition: Partition
) -> tuple[str, tuple[Span, ...], str]:
    """The text as someone typed it in haste or as a scanner read it: one of the two, at a rate drawn for the document.

    Args:
        text: The clean text.
        spans: Its spans, in order.
        slots: What each span's value was made for.
        rng: Source of chance.
        language: ``zh`` has its own confusions, loses characters outside values alone, and keeps names as they are.
        partition: A value stays as it was unless its new form is on this side too.

    Returns:
        The new text, its spans (the same labels in the same order), and what was done: ``typos:0.034``.
    """
    kind = pick(rng, ("typos", "ocr"))
    least, most = _RATES[kind]
    rate = round(least + (most - least) * rng.random(), 3)
    edit = _EDITORS[kind, language == "zh"]
    out, moved, end = "", list[Span](), 0
    for span, slot in zip(spans, slots, strict=True):
        out += edit(text[end : span.start], rng, rate, False)
        value = text[span.start : span.end]
        if language != "zh" or slot.label != "PERSON":
            value = _rough_value(value, slot, partition, lambda clean: edit(clean, rng, rate, True))
        moved.append(Span(len(out), len(out) + len(value), span.label))
        out, end = out + value, span.end
    return out + edit(text[end:], rng, rate, False), tuple(moved), f"{kind}:{rate}"


def _rough_value(value: str, slot: Slot, partition: Partition, edit: Callable[[str], str]) -> str:
    for _ in range(_TRIES):
        rough = edit(value)
        if rough and rough == rough.strip() and (rough == value or is_on_side(_decisive(rough, slot), partition)):
            return rough
    return value


def _decisive(value: str, slot: Slot) -> str:
    """What decides the side of a value: of a name its last word, as in ``names_on_side``."""
    key = value_key(value)
    return key.rsplit(" ", 1)[-1] if slot.label == "PERSON" else key


def _typos(piece: str, rng: random.Random, rate: float, _value: bool) -> str:
    """Words alone: another digit would be another number, and no longer a checked one."""
    return _WORD.sub(lambda word: _mistyped(word[0], rng, rate), piece)


def _mistyped(word: str, rng: random.Random, rate: float) -> str:
    """The word with letters swapped, left out, doubled or hit beside; the first stays."""
    out, place = word[0], 1
    while place < len(word):
        letter, following = word[place], word[place + 1 : place + 2]
        place += 1
        if rng.random() >= rate:
            out += letter
            continue
        slip = int(rng.random() * 4)
        if slip == 0 and following:
            out += following + letter
            place += 1
        elif slip == 1:
            out += letter * 2
        elif slip == 2 and letter.lower() in _NEIGHBOURS:
            near = pick(rng, _NEIGHBOURS[letter.lower()])
            out += near.upper() if letter.isupper() else near
    return out


def _ocr(piece: str, rng: random.Random, rate: float, value: bool) -> str:
    """Confused shapes, lost spaces and broken words; stray dots outside values."""
    breaks = {match.start() for match in _BREAKABLE.finditer(piece)}
    out, place, last = "", 0, len(piece) - 1
    while place <= last:
        char, chance = piece[place], rng.random()
        shape = piece[place : place + 2] if piece[place : place + 2] in _CONFUSED else char
        written, read = char, 1
        if chance < rate and shape in _CONFUSED:
            written, read = _CONFUSED[shape], len(shape)
        # A space beside a value stays, so that the value still ends where a word does.
        elif chance < rate * _LOST_SPACE and char == " " and 0 < place < last:
            written = ""
        elif chance < rate * _BROKEN_WORD and place in breaks:
            written = f"-\n{char}"
        elif chance < rate * _STRAY_DOT and not value and char.isalpha() and piece[place + 1 : place + 2] == " ":
            written = f"{char}."
        out, place = out + written, place + read
    return out


def _lost_characters(piece: str, rng: random.Random, rate: float, value: bool) -> str:
    return piece if value else "".join(char for char in piece if char.isspace() or rng.random() >= rate / 2)


def _confused_characters(piece: str, rng: random.Random, rate: float, _value: bool) -> str:
    return "".join(_CONFUSED_HAN.get(char, char) if rng.random() < rate else char for char in piece)


_EDITORS: dict[tuple[str, bool], Editor] = {
    ("typos", False): _typos,
    ("ocr", False): _ocr,
    ("typos", True): _lost_characters,
    ("ocr", True): _confused_characters,
}
