"""Times and durations: what Go's `time` package reads and refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.times import format_time, object_time, parse_duration, parse_time

moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moments)
def test_a_time_in_utc_is_that_instant(moment: datetime) -> None:
    text = moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%SZ")
    assert parse_time(text) == moment.replace(tzinfo=UTC, microsecond=0).timestamp()


@given(moments, offsets)
def test_offsets_and_fractions_count(moment: datetime, zone: timezone) -> None:
    aware = moment.replace(tzinfo=zone)
    assert parse_time(aware.isoformat()) == pytest.approx(aware.timestamp(), abs=1e-4)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2024-02-29T12:00:00Z", 1709208000),
        ("2000-02-29T00:00:00Z", 951782400),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01T00:00:00,25Z", 0.25),
        ("1970-01-01T00:00:00.123456789+00:00", 0.123456789),
        ("0001-01-01T00:00:00Z", -62135596800),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "2026-08-17",
        "2026-08-17T12:00:00",
        "2026-08-17 12:00:00Z",
        "2026-08-17t12:00:00z",
        "2026-08-17T12:00Z",
        "2026-13-17T12:00:00Z",
        "2026-00-17T12:00:00Z",
        "2026-08-32T12:00:00Z",
        "2026-08-00T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2026-04-31T12:00:00Z",
        "2026-08-17T24:00:00Z",
        "2026-08-17T12:60:00Z",
        "2026-08-17T12:00:60Z",
        "2026-08-17T12:00:00.Z",
        "2026-08-17T12:00:00.5",
        "2026-08-17T12:00:00+0100",
        "2026-08-17T12:00:00+01:99",
        "2026-08-17T12:00:00+25:00",
        "2026-08-17T12:00:00Z ",
        " 2026-08-17T12:00:00Z",
        "2026-08-17T1²:00:00Z",
        "+026-08-17T12:00:00Z",
        "20_6-08-17T12:00:00Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_time(text)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        parse_time(text)
    except ValueError:
        return


def test_the_object_is_named() -> None:
    assert object_time(None, "Pod", "p", "metadata.creationTimestamp") is None
    with pytest.raises(Failure) as raised:
        object_time("soon", "Pod", "p", "metadata.creationTimestamp")
    assert str(raised.value) == 'Pod "p": metadata.creationTimestamp is not a time: "soon"'


@given(moments)
def test_format_is_the_inverse_of_parse(moment: datetime) -> None:
    epoch = moment.replace(tzinfo=UTC).timestamp()
    assert parse_time(format_time(epoch)) == epoch // 1


def test_format_cuts_fractions_off() -> None:
    assert format_time(1786968000.999) == "2026-08-17T12:00:00Z"
    assert format_time(-0.5) == "1969-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("-0", 0),
        ("+0", 0),
        ("5s", 5 * 10**9),
        ("-5s", -5 * 10**9),
        ("+5m", 300 * 10**9),
        ("1h30m", 5400 * 10**9),
        ("1h1h", 7200 * 10**9),
        ("1m30.5s", 905 * 10**8),
        (".5s", 5 * 10**8),
        ("1.s", 10**9),
        ("00012s", 12 * 10**9),
        ("0000000000000000000000005s", 5 * 10**9),
        ("0" * 5000 + "5s", 5 * 10**9),
        ("10ms", 10**7),
        ("3us", 3000),
        ("3µs", 3000),
        ("3μs", 3000),
        ("7ns", 7),
        ("0.3333333333333333333h", 1200 * 10**9),
        ("0.100000000000000000000h", 360 * 10**9),
        ("9223372036854775807ns", 2**63 - 1),
        ("2562047h47m16.854775807s", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("0.9223372036854775807h", 3320413933267),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'time: invalid duration ""'),
        ("-", 'time: invalid duration "-"'),
        ("not-valid-time", 'time: invalid duration "not-valid-time"'),
        ("s", 'time: invalid duration "s"'),
        (" 5s", 'time: invalid duration " 5s"'),
        (".s", 'time: invalid duration ".s"'),
        (".", 'time: invalid duration "."'),
        ("--5s", 'time: invalid duration "--5s"'),
        ("10", 'time: missing unit in duration "10"'),
        ("300", 'time: missing unit in duration "300"'),
        ("1.", 'time: missing unit in duration "1."'),
        ("1m5", 'time: missing unit in duration "1m5"'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("1h 5m", 'time: unknown unit "h " in duration "1h 5m"'),
        ("5s ", 'time: unknown unit "s " in duration "5s "'),
        ("3H", 'time: unknown unit "H" in duration "3H"'),
        ("1e3s", 'time: unknown unit "e" in duration "1e3s"'),
        ("1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'),
        ('1"s', 'time: unknown unit "\\"s" in duration "1\\"s"'),
        ("1\x1bs", 'time: unknown unit "\\x1bs" in duration "1\\x1bs"'),
        ("٣s", 'time: invalid duration "\\xd9\\xa3s"'),
        ("9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'),
        ("3000000h", 'time: invalid duration "3000000h"'),
        ("2562047h2562047h", 'time: invalid duration "2562047h2562047h"'),
        ("-9223372036854775809ns", 'time: invalid duration "-9223372036854775809ns"'),
        ("9223372036854775809", 'time: invalid duration "9223372036854775809"'),
        ("9" * 5000 + "h", f'time: invalid duration "{"9" * 5000}h"'),
    ],
)
def test_what_is_no_duration(text: str, message: str) -> None:
    with pytest.raises(Failure) as raised:
        parse_duration(text)
    assert str(raised.value) == message


UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


@given(st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(sorted(UNITS))), min_size=1, max_size=6))
def test_parts_add_up(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    total = sum(number * UNITS[unit] for number, unit in parts)
    assert parse_duration(text) == total
    assert parse_duration("-" + text) == -total


@given(st.text("0123456789.+-nuµmsh d", max_size=12))
def test_any_text_is_a_duration_or_a_failure(text: str) -> None:
    try:
        assert -(2**63) <= parse_duration(text) < 2**63
    except Failure as failure:
        assert str(failure).startswith("time: ")


def test_no_duration_is_added_up_for_ever() -> None:
    """Three megabytes of them took minutes."""
    with pytest.raises(Failure, match="invalid duration"):
        parse_duration("1ns" * 1_000_000)
