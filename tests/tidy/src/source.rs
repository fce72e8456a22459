//! A Rust file as the rules see it: which bytes are code, which are comments or literals, and which belong to tests.

/// A Rust file of which comments, literals and tests are known.
#[derive(Clone, Debug)]
pub struct Rust {
    /// The text with comments and the inside of literals blanked; line breaks stay.
    pub code: String,
    /// As `code`, with everything under `#[cfg(test)]` blanked as well. Empty for a file of tests.
    pub production: String,
    /// The text with everything but comments blanked.
    pub comments: String,
}

/// A function and how long it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of its `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to its closing brace, both counted.
    pub lines: usize,
}

impl Rust {
    /// Tells code, comments, literals and tests apart.
    pub fn parse(text: &str, is_test: bool) -> Rust {
        let (code, comments) = separate(text);
        let production = if is_test { String::new() } else { without_tests(&code) };
        Rust { code, production, comments }
    }

    /// How many lines are left without tests at the end of the file.
    pub fn production_lines(&self) -> usize {
        self.production.trim_end().lines().count()
    }

    /// The functions outside tests, nested ones too.
    pub fn functions(&self) -> Vec<Function> {
        let bytes = self.production.as_bytes();
        let mut functions = Vec::new();
        for (start, _) in self.production.match_indices("fn ") {
            if start > 0 && is_word(bytes[start - 1]) {
                continue;
            }
            let name: String =
                self.production[start + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.is_empty() {
                continue;
            }
            let Some(end) = body_end(bytes, start) else {
                continue;
            };
            let lines = newlines(&bytes[start..end]) + 1;
            functions.push(Function { name, line: line_of(&self.production, start), lines });
        }
        functions
    }
}

/// Line of a byte position, from 1.
pub fn line_of(text: &str, position: usize) -> usize {
    newlines(&text.as_bytes()[..position]) + 1
}

/// Positions at which `word` stands alone, not as a part of a longer name or path segment.
pub fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    text.match_indices(word).map(|(start, _)| start).filter(move |&start| {
        let end = start + word.len();
        let first_is_word = word.as_bytes().first().is_some_and(|&byte| is_word(byte));
        let last_is_word = word.as_bytes().last().is_some_and(|&byte| is_word(byte));
        (!first_is_word || start == 0 || !is_word(bytes[start - 1]))
            && (!last_is_word || end == bytes.len() || !is_word(bytes[end]))
    })
}

/// Whether the whole file is tests: `tests.rs`, `x_tests.rs`, or anything in a folder for tests or benchmarks.
pub fn is_test_file(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || path.starts_with("tests/")
        || folder.split('/').any(|part| matches!(part, "tests" | "benches" | "fuzz" | "testing"))
}

/// Names of the modules that are compiled for tests only and lie in files of their own: `#[cfg(test)] mod name;`.
pub fn test_modules(code: &str) -> Vec<String> {
    let declarations = code.match_indices("#[cfg(test)]").filter_map(|(start, mark)| {
        let declared = code[start + mark.len()..].trim_start();
        let declared = declared.strip_prefix("pub(crate) ").unwrap_or(declared).strip_prefix("mod ")?;
        let end = declared.find([';', '{'])?;
        declared[end..].starts_with(';').then(|| declared[..end].trim().to_owned())
    });
    declarations.collect()
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Where the body that begins after `start` ends; none when a `;` comes first (a declaration).
fn body_end(code: &[u8], start: usize) -> Option<usize> {
    let (mut depth, mut brackets) = (0usize, 0usize);
    for (position, &byte) in code.iter().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(position + 1);
                }
            }
            // `[u8; 4]` in a signature is no end of it.
            b'[' | b'(' if depth == 0 => brackets += 1,
            b']' | b')' if depth == 0 => brackets = brackets.checked_sub(1)?,
            b';' if depth == 0 && brackets == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut bytes = code.as_bytes().to_vec();
    for (start, _) in code.match_indices(MARK) {
        let after = start + MARK.len();
        let end = body_end(code.as_bytes(), after)
            .or_else(|| code[after..].find(';').map(|length| after + length + 1))
            .unwrap_or(code.len());
        blank(&mut bytes[start..end]);
    }
    String::from_utf8(bytes).expect("blanking replaces whole items")
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// Code without comments and literals, and comments without code; both as long as the text.
fn separate(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut comments = bytes.to_vec();
    blank(&mut comments);
    let mut position = 0;
    while position < bytes.len() {
        let (end, is_comment) = match bytes[position] {
            b'/' if bytes.get(position + 1) == Some(&b'/') => (line_end(bytes, position), true),
            b'/' if bytes.get(position + 1) == Some(&b'*') => (block_end(bytes, position), true),
            b'"' => (string_end(bytes, position), false),
            b'r' if raw_string_end(bytes, position).is_some() && !preceded_by_name(bytes, position) => {
                (raw_string_end(bytes, position).unwrap_or(bytes.len()), false)
            }
            b'\'' => match char_end(bytes, position) {
                Some(end) => (end, false),
                None => (position + 1, false),
            },
            _ => {
                position += 1;
                continue;
            }
        };
        if is_comment {
            comments[position..end].copy_from_slice(&bytes[position..end]);
            blank(&mut code[position..end]);
        } else if end > position + 2 {
            // Quotes stay, so that a literal still shows as one.
            blank(&mut code[position + 1..end - 1]);
        }
        position = end;
    }
    let text = |bytes| String::from_utf8(bytes).expect("whole characters are blanked");
    (text(code), text(comments))
}

/// Whether the byte before is part of a name, other than the `b` of `br"..."`.
fn preceded_by_name(bytes: &[u8], position: usize) -> bool {
    position > 0
        && is_word(bytes[position - 1])
        && !(bytes[position - 1] == b'b' && (position < 2 || !is_word(bytes[position - 2])))
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| start + length)
}

fn block_end(bytes: &[u8], start: usize) -> usize {
    let (mut position, mut depth) = (start, 0usize);
    while position + 1 < bytes.len() {
        match &bytes[position..position + 2] {
            b"/*" => (depth, position) = (depth + 1, position + 2),
            b"*/" => {
                (depth, position) = (depth - 1, position + 2);
                if depth == 0 {
                    return position;
                }
            }
            _ => position += 1,
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while position < bytes.len() {
        match bytes[position] {
            b'\\' => position += 2,
            b'"' => return position + 1,
            _ => position += 1,
        }
    }
    bytes.len()
}

/// The end of `r"..."` or `r#"..."#`, when there is one.
fn raw_string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..].iter().take_while(|&&byte| byte == b'#').count();
    let quote = start + 1 + hashes;
    if bytes.get(quote) != Some(&b'"') {
        return None;
    }
    let mut position = quote + 1;
    while position < bytes.len() {
        let closes = bytes[position] == b'"'
            && bytes[position + 1..].iter().take(hashes).filter(|&&byte| byte == b'#').count() == hashes;
        if closes {
            return Some(position + 1 + hashes);
        }
        position += 1;
    }
    Some(bytes.len())
}

/// The end of a character literal; none for a lifetime.
fn char_end(bytes: &[u8], start: usize) -> Option<usize> {
    if bytes.get(start + 1) == Some(&b'\\') {
        let close = bytes[start + 3..].iter().position(|&byte| byte == b'\'')?;
        return Some(start + 3 + close + 1);
    }
    // One character of at most four bytes, then the closing quote.
    let first = *bytes.get(start + 1)?;
    let length = match first {
        0x00..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        _ => 4,
    };
    (bytes.get(start + 1 + length) == Some(&b'\'')).then_some(start + 2 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"
//! fn in_comment() {}
fn short(array: [u8; 4]) -> char {
    let text = "fn in_string() { \" {";
    let raw = r#"unwrap() "quoted" {"#;
    /* block /* nested */ unwrap() */
    let lifetime: &'static str = "a"; let brace = '{'; let quote = '\''; let wide = 'é';
    brace
}
trait T { fn declared(&self); }
#[cfg(test)]
mod tests {
    fn in_tests() { x.unwrap() }
}
"##;

    #[test]
    fn comments_literals_and_tests_are_no_code() {
        let rust = Rust::parse(TEXT, false);
        assert_eq!(rust.code.len(), TEXT.len());
        assert!(!rust.production.contains("unwrap"), "{}", rust.production);
        assert!(rust.code.contains("x.unwrap()"));
        assert!(rust.comments.contains("nested"));
        assert_eq!(rust.functions(), [Function { name: "short".into(), line: 3, lines: 7 }]);
    }

    #[test]
    fn test_files_are_known_by_their_place() {
        for path in [
            "crates/a/src/tests.rs",
            "crates/a/src/b/tests.rs",
            "crates/a/tests/x.rs",
            "tests/sim/src/lib.rs",
            "benches/x/src/a.rs",
        ] {
            assert!(is_test_file(path), "{path}");
        }
        assert!(!is_test_file("crates/a/src/contests.rs"));
        assert_eq!(Rust::parse(TEXT, true).production_lines(), 0);
    }

    #[test]
    fn modules_for_tests_are_known() {
        let code = "#[cfg(test)]\nmod scratch;\n#[cfg(test)]\nmod tests { mod inner; }\nmod real;";
        assert_eq!(test_modules(code), ["scratch"]);
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(words("stdx::fs std::fs std::fsx", "std::fs").collect::<Vec<_>>(), [9]);
    }
}
