//! Reads Java's `.properties` text as `java.util.Properties.load` does, in UTF-8.
//!
//! - A key ends at the first unescaped `=`, `:` or white space; white space round the separator does not count.
//! - `#` or `!` as the first character makes a comment; a comment is never continued.
//! - An odd number of backslashes at the end of a line continues it; leading white space of the next line is dropped.
//! - `\t \n \r \f \uXXXX` mean what they mean in Java; any other escaped character stands for itself.

/// One `key=value` of a properties file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Property {
    /// The key with its escapes resolved.
    pub key: String,
    /// The value with its escapes resolved.
    pub value: String,
    /// The line on which the key starts, from 1.
    pub line: usize,
}

/// A line that no reading makes sense of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PropertiesError {
    /// The line on which the broken entry starts, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Reads all properties of `text` in their order, repeated keys included.
pub fn parse(text: &str) -> Result<Vec<Property>, PropertiesError> {
    let mut properties = Vec::new();
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    while let Some((index, first)) = lines.next() {
        let first = first.trim_start_matches(is_space);
        if first.is_empty() || first.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = first.to_owned();
        while ends_with_continuation(&logical) {
            logical.pop();
            let Some((_, next)) = lines.next() else { break };
            logical.push_str(next.trim_start_matches(is_space));
        }
        properties.push(split(&logical, index + 1)?);
    }
    Ok(properties)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{c}')
}

fn ends_with_continuation(line: &str) -> bool {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes % 2 == 1
}

fn split(logical: &str, line: usize) -> Result<Property, PropertiesError> {
    let mut escaped = false;
    let mut key_end = logical.len();
    for (position, character) in logical.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if is_space(character) || matches!(character, '=' | ':') {
            key_end = position;
            break;
        }
    }
    let (key, rest) = logical.split_at(key_end);
    let rest = rest.trim_start_matches(is_space);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_space);
    let unescape = |text| unescape(text).map_err(|problem| PropertiesError { line, problem });
    Ok(Property { key: unescape(key)?, value: unescape(value)?, line })
}

fn unescape(text: &str) -> Result<String, &'static str> {
    if !text.contains('\\') {
        return Ok(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::new();
    let mut characters = text.chars();
    let push = |units: &mut Vec<u16>, character: char| {
        units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
    };
    while let Some(character) = characters.next() {
        if character != '\\' {
            push(&mut units, character);
            continue;
        }
        match characters.next() {
            Some('t') => push(&mut units, '\t'),
            Some('n') => push(&mut units, '\n'),
            Some('r') => push(&mut units, '\r'),
            Some('f') => push(&mut units, '\u{c}'),
            Some('u') => units.push(unicode_escape(&mut characters)?),
            Some(other) => push(&mut units, other),
            None => {}
        }
    }
    String::from_utf16(&units).map_err(|_| "a \\u escape is half of a surrogate pair")
}

fn unicode_escape(characters: &mut std::str::Chars<'_>) -> Result<u16, &'static str> {
    let mut unit = 0u16;
    for _ in 0..4 {
        let digit = characters.next().and_then(|character| character.to_digit(16));
        unit = unit << 4 | digit.ok_or("a \\u escape needs four hexadecimal digits")? as u16;
    }
    Ok(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let properties = parse(text).unwrap();
        let found: Vec<(&str, &str)> = properties.iter().map(|p| (p.key.as_str(), p.value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_separator_of_java_is_understood() {
        check(
            "a=1\nb:2\nc 3\nd = 4\n  e\t:\t5\nf==6\ng\nh = \n",
            &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5"), ("f", "=6"), ("g", ""), ("h", "")],
        );
    }

    #[test]
    fn comments_and_blank_lines_are_skipped_and_never_continued() {
        check("# one \\\na=1\n ! two\n\n\t\nb=2 # not a comment", &[("a", "1"), ("b", "2 # not a comment")]);
    }

    #[test]
    fn a_backslash_continues_and_two_do_not() {
        check(
            "a=one,\\\n   two,\\\r\n\tthree\nb=c:\\\\\nc=end\\",
            &[("a", "one,two,three"), ("b", "c:\\"), ("c", "end")],
        );
    }

    #[test]
    fn escapes_are_resolved() {
        check("a\\=b\\ c=x\\ty\\u00e9\\uD83D\\uDE00\\z", &[("a=b c", "x\tyé😀z")]);
    }

    #[test]
    fn a_broken_escape_names_its_line() {
        assert_eq!(parse("a=1\nb=\\u12").unwrap_err().line, 2);
        assert_eq!(parse("b=\\ud83d").unwrap_err().problem, "a \\u escape is half of a surrogate pair");
    }

    #[test]
    fn the_line_of_a_continued_entry_is_its_first() {
        let properties = parse("\na=1\\\n2\nb=3").unwrap();
        assert_eq!(properties.iter().map(|p| p.line).collect::<Vec<_>>(), [2, 4]);
    }
}
