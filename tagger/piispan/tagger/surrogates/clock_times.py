"""Times of day, read in a date's value and moved around the clock."""

import re

from piispan.tagger.surrogates.shapes import with_groups

__all__ = ["moved_time", "time_pattern"]

_ZONE = r"(?:(?:\s?(?:UTC|GMT)\s?-|\s?(?:UTC|GMT)?\s?\+)\d{2}:?\d{2})?"
time_pattern = re.compile(
    rf"""
      (?<![\d:.])(?P<hour>\d{{1,2}})(?P<colon>:|h)(?P<minute>\d{{2}})(?P<rest>(?::\d{{2}}(?:[.,]\d+)?)?)(?P<half>\s?[ap]\.?\s?m\b\.?)?{_ZONE}(?![\d:])
    | (?<![\d:.])(?P<dot_hour>\d{{1,2}})\.(?P<dot_minute>\d{{2}})(?P<dot_half>\s?[ap]\.?\s?m\b\.?)
    | (?<![\d:.])(?P<full_hour>\d{{1,2}})(?P<full_half>\s?[ap]\.?\s?m\b\.?)
    | (?<![\d:.])(?P<mil_hour>\d{{2}})(?P<mil_minute>\d{{2}})(?=\s?(?:hrs?|hours|h)\b)
    | (?<!\d)(?P<spoken>\d{{1,2}})(?=\s?(?:o['’]clock|uhr\b|h\b))
    | (?P<noon>(?:上午|下午|早上|晚上|凌晨|中午|午前|午後)?)
      (?P<han_hour>\d{{1,2}})(?P<han_mark>[点时時시])(?:(?P<han_minute>\d{{1,2}})(?=[分분]))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""One time of day; its zone is part of it."""
_WRITINGS = (
    ("hour", "minute", "half"),
    ("dot_hour", "dot_minute", "dot_half"),
    ("full_hour", "", "full_half"),
    ("mil_hour", "mil_minute", ""),
    ("spoken", "", ""),
    ("han_hour", "han_minute", ""),
)
"""Groups of hour, minute and half of the day, of which a match has the first of one row."""


def moved_time(match: re.Match[str], minutes: int) -> str | None:
    """A match of ``time_pattern`` moved forward; seconds, zone and shape stay. A time without minutes moves by full hours.

    Returns:
        The time in the shape it had, or ``None`` where there is no such time.
    """
    hour_name, minute_name, half_name = next(names for names in _WRITINGS if match[names[0]] is not None)
    half = match[half_name] if half_name else None
    hour, minute = int(match[hour_name]), int(match[minute_name] or 0) if minute_name else 0
    # "3 o'clock" and 下午3点 say no half of the day that could change with the hour.
    twelve = half is not None or hour_name == "spoken" or bool(match["noon"])
    if minute > 59 or hour > (12 if half else 24) or (half and not hour):
        return None
    if half:
        hour = hour % 12 + (12 if "p" in half.lower() else 0)
    total = (hour * 60 + minute + (minutes if minute_name and match[minute_name] else minutes // 60 * 60)) % 1440
    hour, minute = divmod(total, 60)
    written = _hour(match[hour_name], (hour - 1) % 12 + 1 if twelve else hour, half is not None)
    new = {hour_name: written}
    if minute_name and match[minute_name]:
        new[minute_name] = f"{minute:02d}"
    if half:
        new[half_name] = re.sub("[ap]", lambda found: _half(found[0], hour), half, count=1, flags=re.IGNORECASE)
    return with_groups(match, new)


def _hour(token: str, hour: int, has_half: bool) -> str:
    padded = token.startswith("0") if has_half else len(token) == 2
    return f"{hour:02d}" if padded else str(hour)


def _half(like: str, hour: int) -> str:
    letter = "p" if hour >= 12 else "a"
    return letter.upper() if like.isupper() else letter
