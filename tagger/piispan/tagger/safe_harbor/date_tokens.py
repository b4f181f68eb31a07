"""A date cut into tokens; a part that is none makes the date unreadable."""

import re
from functools import cache
from importlib.resources import files

import yaml

from piispan.tagger.safe_harbor.date_readers import (
    DateToken,
    Reader,
    chinese_day,
    chinese_month,
    chinese_year,
    day_and_month,
    decade,
    decade_of_1900,
    month_and_year,
    read_token,
    two_years,
    whole_date,
)
from piispan.tagger.safe_harbor.numerals import CHINESE_DIGIT

__all__ = ["date_tokens", "names_a_birth"]


def date_tokens(plain: str) -> list[DateToken] | None:
    """The tokens of a value in plain form, ``None`` if a part of it is none."""
    tokens, position = [], 0
    while position < len(plain):
        found = _next_token(plain, position)
        if found is not None:
            token, position = found
            tokens += [token] if token.kind else []
        elif plain[position] == " ":
            position += 1
        else:
            return None
    return tokens


def names_a_birth(plain: str) -> bool:
    """Whether a text in plain form says that a birth's date follows."""
    return _births().search(plain) is not None


def _next_token(plain: str, position: int) -> tuple[DateToken, int] | None:
    for pattern, read in _readers():
        match = pattern.match(plain, position)
        token = read_token(match, read) if match else None
        if match and token is not None:
            return token, match.end()
    return None


@cache
def _readers() -> tuple[tuple[re.Pattern[str], Reader], ...]:
    words = _words()
    readers: list[tuple[str, Reader]] = [
        (rf"(?P<y>[0-9]{{4}})(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})(?:[0-9]{{4}}|[0-9]{{6}})?{_CLEAR}", whole_date),
        (rf"(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})(?P<y>[0-9]{{4}}){_CLEAR}", whole_date),
        (rf"(?P<y>[0-9]{{4}})(?P<by>[-/.])(?P<m>[0-9]{{1,2}})(?P=by)(?P<d>[0-9]{{1,2}}){_SAME_BY}{_CLOCK}", whole_date),
        (rf"(?P<m>[0-9]{{1,2}})(?P<by>[-/.]) ?(?P<d>[0-9]{{1,2}})(?P=by) ?(?P<y>[0-9]{{4}}|[0-9]{{2}}){_SAME_BY}{_CLOCK}", whole_date),
        (rf"(?P<y>[0-9]{{2}})(?P<by>[-/.])(?P<m>[0-9]{{2}})(?P=by)(?P<d>[0-9]{{2}}){_SAME_BY}", whole_date),
        *((pattern, "") for pattern in _TIMES),
        (rf"(?P<y>[0-9]{{4}})(?P<by>[-/.])(?P<m>[0-9]{{1,2}}){_SAME_BY}", month_and_year),
        (rf"(?P<m>[0-9]{{1,2}})(?P<by>[-/.])(?P<y>[0-9]{{4}}){_SAME_BY}", month_and_year),
        (r"(?P<first>[0-9]{4})(?P<by>[-/])(?P<last>[0-9]{2})(?![0-9])(?!(?P=by)[0-9]) ?年?", two_years),
        (rf"(?P<m>[0-9]{{1,2}})(?P<by>[/.])(?P<d>[0-9]{{1,2}}){_SAME_BY}\.?", day_and_month),
        *_CHINESE,
        (r"(?P<y>[0-9]{3}0)'?s(?![a-z])", decade),
        (r"'(?P<y>[0-9]0)'?s(?![a-z])", decade),
        (r"(?:fy ?'?|')(?P<y>[0-9]{2})(?![0-9])", "Q"),
        (r"fy ?-?(?=[0-9]{4})|[-/]?(?:[qh][1-4]|w[0-5][0-9](?:-[1-7])?)(?![a-z0-9])[-/]?|(?:early|mid|late)-|[()\[\]]", ""),
        (r"(?P<y>[0-9]{4})(?![0-9])(?![-./,](?![0-9]{4}(?![0-9]))[0-9])", "Y"),
        (r"(?:[12]?[0-9]|3[01])(?:st|nd|rd|th|er|\.(?= ?[^\W\d]))", "O"),
        (rf"[1-9]{_NO_TAIL}", "d"),
        (rf"(?P<y>0[1-9]|[12][0-9]|3[01]){_NO_TAIL}", "D"),
        (rf"(?P<y>[0-9]{{2}}){_NO_TAIL}", "A"),
        (_any_of(words["months"]) + r"\.?", "M"),
        (_any_of(words["joins"]), "J"),
        (_any_of([*words["silent"], *words["births"]]) + r"\.?:?", ""),
        (r"b\.|\* ?", ""),
        (r" ?[~;&]| [-/] ?|[-/] ", "J"),
        (r"[-/.]", "H"),
        (r",", "C"),
    ]
    return tuple((re.compile(pattern), read) for pattern, read in readers)


_CLEAR = r"(?![0-9])(?![-/.][0-9])"
_SAME_BY = r"(?![0-9])(?!(?P=by)[0-9])(?!-[0-9]+(?![0-9/.]))"
_NO_TAIL = r"(?![0-9])(?![-./][0-9]{3})(?![.,:][0-9])"
_CLOCK = r"(?: (?:[01][0-9]|2[0-3])[0-5][0-9](?![0-9/.:-])(?: ?(?:hours?|hrs?|h)(?![a-z]))?)?"
_ZONE = r"(?: ?(?:z|utc|gmt|[ecmp][sd]?t)(?![a-z])(?:[+-][0-9]{1,2}(?::?[0-9]{2})?)?| ?[+-][0-9]{2}:?[0-9]{2}(?![0-9/.-]))?"
_TIMES = (
    rf"t?[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]{{1,9}})?)?(?![0-9:])(?: ?(?:[ap]\.?m\.?|hrs?|hours|h|uhr)(?![a-z]))?{_ZONE}",
    rf"t[0-9]{{4}}(?:[0-9]{{2}})?(?![0-9]){_ZONE}",
    r"[0-9]{1,2} ?(?:[ap]\.?m\.?(?![a-z])|o'clock)",
    r"[0-9]{1,2}h[0-9]{2}(?![0-9])",
    r"[0-9]{3,4} ?-?(?:hours?|hrs?\.?|h|uhr|z|utc|gmt|[ecmp][sd]t|local)(?![a-z])",  # 2015 hours is a quarter past eight
    r"(?:at|@) ?(?:about|approximately|approx\.?|around|~|ca?\.?)? ?[0-9]{3,4}(?![0-9])(?![-/.][0-9])",
    rf"(?:[0-9]{{1,2}}|(?:{CHINESE_DIGIT}|十)+) ?[时時点點](?: ?(?:[0-9]{{1,2}}|(?:{CHINESE_DIGIT}|十)+) ?分| ?半)?",
    r"(?:星期|周|週|礼拜)[一二三四五六日天]",
)
_CHINESE: tuple[tuple[str, Reader], ...] = (
    (rf"(?P<y>[0-9]{{4}}|{CHINESE_DIGIT}{{4}}) ?年度?(?!代)", chinese_year),
    (r"(?P<y>[0-9]{2}) ?年(?= ?[0-9]{1,2} ?月)", "Q"),
    (r"(?P<y>[0-9]{3}0) ?年代", decade),
    (r"(?:20|二十)世[纪紀](?P<y>[1-9]0|[一二三四五六七八九]十)年代", decade_of_1900),
    (rf"(?P<n>[0-9]{{1,2}}|(?:{CHINESE_DIGIT}|十){{1,3}}) ?月(?:份)?", chinese_month),
    (rf"(?P<n>[0-9]{{1,2}}|(?:{CHINESE_DIGIT}|十){{1,3}}) ?[日号號]", chinese_day),
)


def _any_of(words: list[str]) -> str:
    """A pattern of any of the words, the longest first; a word of letters stands between other signs, a Chinese one anywhere."""
    spelt = sorted(words, key=len, reverse=True)
    latin, chinese = [word for word in spelt if word[0] < "一"], [word for word in spelt if word[0] >= "一"]
    patterns = [rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, latin))})(?![^\W\d_])" if latin else "", "|".join(chinese)]
    return f"(?:{'|'.join(filter(None, patterns))})"


@cache
def _births() -> re.Pattern[str]:
    return re.compile(rf"{_any_of(_words()['births'])}|\(b\b|\bb\.|(?:[(,;] ?|^)\*")


@cache
def _words() -> dict[str, list[str]]:
    words: dict[str, list[str]] = yaml.safe_load((files("piispan.tagger.safe_harbor") / "date_words.yaml").read_text("utf-8"))
    return words
