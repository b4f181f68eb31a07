"""Names that Chinese, Japanese and Korean write without spaces, taken apart: 王小明, 小王, 王先生, 山田太郎さん, 김민수 씨."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from piispan.tagger.surrogates.locales import Gender, names_of, provider
from piispan.tagger.surrogates.name_parts import NamePart, Role
from piispan.tagger.surrogates.tables import table

__all__ = ["is_foreign", "is_unspaced", "take_apart_unspaced"]

_CHARACTER = r"[\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003134f]"
_RUN = re.compile(rf"((?:(?![・]){_CHARACTER})+)|(.)", re.DOTALL)
_KANA = re.compile(r"[\u3041-\u30ff]+")
_ROLES: tuple[Role, ...] = ("given", "surname")
_FOREIGN = re.compile(r"[·・•‧]")
_LONGEST = 8
"""Characters of a name without a dot between its words."""


def is_foreign(value: str) -> bool:
    """Whether a name has a dot between its words, as names taken over from other languages."""
    return _FOREIGN.search(value) is not None


def is_unspaced(value: str, locale: str) -> bool:
    """Whether a value is a name of this module."""
    return locale[:2] in ("zh", "ja", "ko") and re.search(_CHARACTER, value) is not None


def take_apart_unspaced(value: str, locale: str, has_role: Callable[[str, Role], bool]) -> tuple[Gender | None, list[NamePart]]:
    """The parts of a name, which make up ``value`` when joined.

    Args:
        value: The name.
        locale: One of Chinese, Japanese or Korean.
        has_role: Whether another name of the document shows that a word is a given name or surname.

    Returns:
        The gender that a word after the name tells, or ``None``, and the parts; nothing but ``kept`` parts where no name is seen.
    """
    runs = [(match[1] is not None, match[0]) for match in _RUN.finditer(value)]
    named = [text for is_run, text in runs if is_run]
    gender: Gender | None = None
    if len(named) > 1:
        foreign = is_foreign(value)
        parts: list[NamePart] = []
        seen = 0
        for is_run, text in runs:
            role: Role = "surname" if seen == (len(named) - 1 if foreign else 0) else "given"
            kept = not is_run or (not foreign and text in _after(locale[:2]))
            parts.append(NamePart(text, "kept" if kept else role))
            gender = _after(locale[:2]).get(text, gender) if is_run else gender
            seen += is_run
        return gender, parts
    parts = []
    for is_run, text in runs:
        if not is_run:
            parts.append(NamePart(text, "kept"))
            continue
        before, core, after = _core(text, locale[:2], has_role)
        gender = _after(locale[:2]).get(after)
        pieces = [(before, "kept"), *_divided(core, locale, bool(before or after), has_role), (after, "kept")]
        parts += [NamePart(piece, role) for piece, role in pieces if piece]
    return gender, parts


def _core(run: str, language: str, has_role: Callable[[str, Role], bool]) -> tuple[str, str, str]:
    """What stands before a name, the name, and what stands after it."""
    if has_role(run, "given") or has_role(run, "surname"):
        return "", run, ""
    after = next((word for word in sorted(_after(language), key=len, reverse=True) if run.endswith(word) and len(word) < len(run)), "")
    core = run.removesuffix(after) if after else run
    before = next((word for word in _data(language)["before"] if core.startswith(word) and len(core) == len(word) + 1), "")
    return before, core[len(before) :], after


def _divided(core: str, locale: str, addressed: bool, has_role: Callable[[str, Role], bool]) -> Sequence[tuple[str, Role]]:
    """Surname and given name, or one of them."""
    surnames, given = _surnames(locale), _given(locale)
    known: list[Role] = [role for role in _ROLES if has_role(core, role)]
    if known and not (addressed and known == ["given"]):
        return [(core, known[-1])]
    if len(core) > _LONGEST:
        return [(core, "kept")]
    if core in surnames and (len(core) == 1 or locale[:2] != "zh" or core in _data("zh")["surnames"]):
        return [(core, "surname")]
    if core in given and not (locale[:2] == "zh" and core[0] in surnames):
        return [(core, "given")]
    if locale[:2] == "ja" and (len(core) < 3 or _KANA.fullmatch(core)):
        return [(core, "surname")]
    if locale[:2] == "zh" and len(core) == 4 and core[:2] not in surnames and core[0] in surnames and core[1] in surnames:
        # A married woman's two surnames.
        return [(core[0], "surname"), (core[1], "surname"), (core[2:], "given")]
    length = next((size for size in (3, 2, 1) if size < len(core) and core[:size] in surnames), 0)
    if not length:
        length = 0 if len(core) < 3 else 2 if locale[:2] == "ja" else 1
    if not length:
        return [(core, "surname" if addressed else "given")]
    return [(core[:length], "surname"), (core[length:], "given")]


def _data(language: str) -> Any:
    return table("unspaced_names")[language]


@cache
def _after(language: str) -> dict[str, Gender | None]:
    """Words after a name, with the gender that they tell."""
    rows = _data(language)["after"]
    genders: tuple[tuple[Gender | None, str], ...] = (("female", "female"), ("male", "male"), (None, "none"))
    return {word: gender for gender, key in genders for word in rows[key]}


@cache
def _surnames(locale: str) -> frozenset[str]:
    extra = getattr(provider("person", locale), "last_kana_names", ())
    return frozenset([*names_of(locale).surnames, *_data(locale[:2])["surnames"], *extra])


@cache
def _given(locale: str) -> frozenset[str]:
    extra = getattr(provider("person", locale), "first_kana_names", ())
    return frozenset([*names_of(locale).given(None), *extra])
