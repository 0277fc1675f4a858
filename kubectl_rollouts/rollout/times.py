"""Times and durations as Kubernetes writes them, in plain integer arithmetic.

A screen of 2,000 pods parses as many times, and a piped command cannot afford an import for it. Instants are epoch
seconds (float); Go's durations are nanoseconds (int), as Go counts them.
"""

from __future__ import annotations

from time import gmtime

from kubectl_rollouts.errors import Failure

# The objects of a cluster share few instants, and a screen or a controller asks for each of them many times.
_parsed: dict[str, float] = {}
_written: dict[float, str] = {}
_MOST_REMEMBERED = 4_096

_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_time(text: str) -> float:
    """The instant of an RFC 3339 text, in epoch seconds; a fraction and an offset are allowed.

    Raises ValueError for anything that Go's `time.Parse(time.RFC3339, …)` refuses.
    """
    found = _parsed.get(text)
    if found is None:
        found = _read(text)
        if len(_parsed) >= _MOST_REMEMBERED:
            _parsed.clear()
        _parsed[text] = found
    return found


def _read(text: str) -> float:
    digits = text[0:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
    if len(digits) != 14 or not digits.isdigit() or not digits.isascii():
        raise ValueError(text)
    if text[4] + text[7] + text[10] + text[13] + text[16] != "--T::":
        raise ValueError(text)
    number = int(digits)
    clock = number % 1_000_000
    second, minute, hour = clock % 100, clock // 100 % 100, clock // 10_000
    if second > 59 or minute > 59 or hour > 23:
        raise ValueError(text)
    whole = _days(number // 1_000_000, text) * 86_400 + hour * 3_600 + minute * 60 + second
    tail = text[19:]
    return float(whole) if tail == "Z" else whole + _fraction_and_offset(tail, text)


def _days(date: int, text: str) -> int:
    """Days from 1970-01-01 to `date`, written as YYYYMMDD."""
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    if not 1 <= month <= 12 or not 1 <= day <= _MONTH_LENGTHS[month - 1]:
        raise ValueError(text)
    if month == 2 and day == 29 and (year % 4 != 0 or (year % 100 == 0 and year % 400 != 0)):
        raise ValueError(text)
    # Count years from March, so that the leap day is the last day of a year.
    year, month = (year - 1, month + 9) if month < 3 else (year, month - 3)
    return year * 365 + year // 4 - year // 100 + year // 400 + (month * 153 + 2) // 5 + day - 719_469


def _fraction_and_offset(tail: str, text: str) -> float:
    """What `.123+02:00`, the end of a time, adds to its seconds."""
    seconds = 0.0
    if tail[:1] in (".", ","):
        end = 1
        while end < len(tail) and "0" <= tail[end] <= "9":
            end += 1
        if end == 1:
            raise ValueError(text)
        seconds = float("0." + tail[1:end])
        tail = tail[end:]
    if tail == "Z":
        return seconds
    digits = tail[1:3] + tail[4:6]
    if len(tail) != 6 or tail[0] not in "+-" or tail[3] != ":" or not (digits.isdigit() and digits.isascii()):
        raise ValueError(text)
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 24 or minutes > 60:  # Go's bounds
        raise ValueError(text)
    offset = hours * 3_600 + minutes * 60
    return seconds + offset if tail[0] == "-" else seconds - offset


def format_time(epoch: float) -> str:
    """`2026-08-17T12:00:00Z`: an instant in UTC, the fraction of its second cut off."""
    second = epoch // 1
    found = _written.get(second)
    if found is None:
        moment = gmtime(second)
        date = f"{moment.tm_year:04d}-{moment.tm_mon:02d}-{moment.tm_mday:02d}"
        found = f"{date}T{moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d}Z"
        if len(_written) >= _MOST_REMEMBERED:
            _written.clear()
        _written[second] = found
    return found


def object_time(text: str | None, kind: str, name: str | None, field: str) -> float | None:
    """The instant in a field of an object; None when the field is missing (Go's zero time).

    Raises Failure, which names object and field, when the text is no time.
    """
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise Failure(f'{kind} "{name or ""}": {field} is not a time: "{text}"') from None


# --- Go's durations ------------------------------------------------------------------------------------------------

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5
    "μs": 1_000,  # U+03BC
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LIMIT = 1 << 63
_LONGEST = 10_000  # characters


def parse_duration(text: str) -> int:
    """Nanoseconds of a Go duration such as `1h30m`, `-1.5s` or `0` (spec/commands.md §6, resources.md §12).

    Raises Failure with the text of Go's `time.ParseDuration`; a text that is longer than any duration that somebody
    means is none (Go would add up a million times `1ns`).
    """
    if len(text) > _LONGEST:
        raise Failure(f"time: invalid duration {_quoted(text[:40])}…")
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    if not rest:
        raise _invalid(text)
    total = 0
    while rest:
        whole = _leading_digits(rest)
        rest = rest[len(whole) :]
        fraction = ""
        if rest[:1] == ".":
            fraction = _leading_digits(rest[1:])
            rest = rest[1 + len(fraction) :]
        if not whole and not fraction:
            raise _invalid(text)
        digits = whole.lstrip("0") or "0"
        if len(digits) > 19 or int(digits) > _LIMIT:  # whatever the unit
            raise _invalid(text)
        unit = _leading_unit(rest)
        rest = rest[len(unit) :]
        if not unit:
            raise Failure(f"time: missing unit in duration {_quoted(text)}")
        nanoseconds = _UNITS.get(unit)
        if nanoseconds is None:
            raise Failure(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
        total += int(digits) * nanoseconds + _part(fraction, nanoseconds)
        if total > _LIMIT:
            raise _invalid(text)
    if text[0] == "-":
        return -total
    if total == _LIMIT:
        raise _invalid(text)
    return total


def _leading_digits(text: str) -> str:
    end = 0
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    return text[:end]


def _leading_unit(text: str) -> str:
    end = 0
    while end < len(text) and text[end] != "." and not "0" <= text[end] <= "9":
        end += 1
    return text[:end]


def _part(fraction: str, unit: int) -> int:
    """Nanoseconds of a decimal fraction of `unit`, in floating point as Go does it: at most 18 digits count."""
    digits, scale = 0, 1.0
    for digit in fraction:
        if digits > (_LIMIT - 1) // 10:
            break
        digits = digits * 10 + int(digit)
        scale *= 10
    return int(float(digits) * (float(unit) / scale))


def _invalid(text: str) -> Failure:
    return Failure(f"time: invalid duration {_quoted(text)}")


def _quoted(text: str) -> str:
    """Quoted as Go's `time` package quotes: bytes outside printable ASCII as `\\xNN`."""
    out: list[str] = []
    for character in text:
        if character < " " or character > "\x7f":
            out.extend(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
        else:
            out.append("\\" + character if character in '"\\' else character)
    return '"' + "".join(out) + '"'
