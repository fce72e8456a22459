//! Lengths of time as people write them: `14d`.

/// Milliseconds of a number and its unit: ms, s, m, h, d or w.
pub(crate) fn parse_millis(text: &str) -> Result<i64, String> {
    const EXAMPLE: &str = "write a number and a unit (ms, s, m, h, d, w), such as 14d";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_millis: i64 = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return Err(EXAMPLE.to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| EXAMPLE.to_owned())?;
    number.checked_mul(unit_millis).filter(|millis| *millis > 0).ok_or_else(|| EXAMPLE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, millis) in [("14d", 1_209_600_000), ("1 h", 3_600_000), ("250ms", 250), ("2w", 1_209_600_000)] {
            assert_eq!(parse_millis(text), Ok(millis), "{text}");
        }
        for text in ["", "14", "d", "-1d", "0d", "1y", "1.5h", "9999999999999999999d", "99999999999999999w"] {
            assert!(parse_millis(text).is_err(), "{text}");
        }
    }
}
