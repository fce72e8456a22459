//! Times and durations as people write them.

use std::time::Duration;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Reads `500ms`, `90s`, `15m`, `1h30m`, `14d`, `2w`, or ISO 8601 (`PT1H`, `P7DT12H`).
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let millis = match text.strip_prefix(['P', 'p']) {
        Some(iso) => iso_duration(&iso.to_ascii_lowercase()),
        None => plain_duration(
            text,
            &[("ms", 1), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)],
        ),
    };
    let millis =
        millis.ok_or_else(|| format!("'{text}' is not a duration: write 500ms, 90s, 15m, 1h30m, 14d or PT1H"))?;
    Ok(Duration::from_millis(millis))
}

fn iso_duration(text: &str) -> Option<u64> {
    let (days, time) = text.split_once('t').unwrap_or((text, ""));
    let days = match days {
        "" => 0,
        days => plain_duration(days, &[("w", 604_800_000), ("d", 86_400_000)])?,
    };
    let time = match time {
        "" => 0,
        time => plain_duration(time, &[("h", 3_600_000), ("m", 60_000), ("s", 1000)])?,
    };
    (!text.is_empty() && !text.ends_with('t')).then(|| days.checked_add(time)).flatten()
}

fn plain_duration(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let (unit, millis) = units.iter().find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(number.checked_mul(*millis)?)?;
        rest = after.get(unit.len()..)?;
    }
    (!text.is_empty()).then_some(total)
}

/// Reads a moment as milliseconds since 1970: RFC 3339 with or without time and zone (without one it is UTC),
/// milliseconds since 1970, or a duration before `now`.
pub(crate) fn parse_moment(text: &str, now: i64) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(millis) = text.parse::<i64>() {
        return Ok(millis);
    }
    if let Some(millis) = rfc_3339(text) {
        return Ok(millis);
    }
    if let Ok(before) = parse_duration(text) {
        return Ok(now.saturating_sub(before.as_millis() as i64));
    }
    Err(format!(
        "'{text}' is not a time: write 2026-03-01T12:00:00Z, 2026-03-01, milliseconds since 1970, or 15m for 15 minutes ago"
    ))
}

fn rfc_3339(text: &str) -> Option<i64> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, "00:00"),
    };
    let mut parts = date.splitn(3, '-').map(|part| number(part).filter(|_| part.len() >= 2));
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let (time, zone_millis) = split_zone(time)?;
    let midnight = days_from_civil(year, month, day) * MILLIS_PER_DAY;
    Some(midnight + time_of_day(time)? - zone_millis)
}

fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, zone) = time.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.get(1..)?.replace(':', "");
    let (hours, minutes) =
        (number(digits.get(..2)?)?, number(digits.get(2..).filter(|rest| !rest.is_empty()).unwrap_or("0"))?);
    (hours < 24 && minutes < 60).then_some((time, sign * (hours * 60 + minutes) * 60_000))
}

fn time_of_day(time: &str) -> Option<i64> {
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let (second, millis) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            let fraction: String = fraction.chars().chain("00".chars()).take(3).collect();
            (number(second)?, number(&fraction)?)
        }
    };
    (hour < 24 && minute < 60 && second < 61).then_some(((hour * 60 + minute) * 60 + second) * 1000 + millis)
}

fn number(text: &str) -> Option<i64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of the Gregorian calendar, counted from the first of March of year 0.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Writes milliseconds since 1970 as RFC 3339 in UTC; `-` for none.
pub(crate) fn format_moment(millis: i64) -> String {
    if millis < 0 {
        return "-".to_owned();
    }
    let (days, rest) = (millis / MILLIS_PER_DAY, millis % MILLIS_PER_DAY);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_duration(text: &str, millis: Option<u64>) {
        assert_eq!(parse_duration(text).ok(), millis.map(Duration::from_millis), "{text}");
    }

    #[test]
    fn durations_are_read_in_both_ways() {
        check_duration("500ms", Some(500));
        check_duration("90s", Some(90_000));
        check_duration("1h30m", Some(5_400_000));
        check_duration("14d", Some(14 * 86_400_000));
        check_duration("PT1H", Some(3_600_000));
        check_duration("P7DT12H", Some(648_000_000));
        for text in ["", "5", "m", "1x", "P", "PT", "P1H", "1h-", "99999999999999999999d", "18446744073709551615w"] {
            check_duration(text, None);
        }
    }

    fn check_moment(text: &str, millis: Option<i64>) {
        assert_eq!(parse_moment(text, 10_000_000).ok(), millis, "{text}");
    }

    #[test]
    fn moments_are_read_and_written() {
        check_moment("1970-01-01", Some(0));
        check_moment("2026-03-01T12:00:00Z", Some(1_772_366_400_000));
        check_moment("2026-03-01 14:00:00.25+02:00", Some(1_772_366_400_250));
        check_moment("2024-02-29T00:00", Some(1_709_164_800_000));
        check_moment("1772366400000", Some(1_772_366_400_000));
        check_moment("1h", Some(10_000_000 - 3_600_000));
        for text in
            ["2023-02-29", "2026-13-01", "2026-00-01", "2026-01-32", "soon", "", "2026-01-01T25:00", "2026-01-01Tx"]
        {
            check_moment(text, None);
        }
        assert_eq!(format_moment(1_772_366_400_250), "2026-03-01T12:00:00.250Z");
        assert_eq!(format_moment(-1), "-");
        for day in (0..40_000).step_by(13) {
            let text = format_moment(day * MILLIS_PER_DAY + 1);
            check_moment(&text, Some(day * MILLIS_PER_DAY + 1));
        }
    }
}
