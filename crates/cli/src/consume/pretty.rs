//! JSON over several lines, its keys in the order that they have.

use serde::de::IgnoredAny;

/// The same JSON, indented; none if it is not JSON.
pub(super) fn indented(text: &[u8]) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    let mut out = Vec::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut is_in_string = false;
    let mut is_escaped = false;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if is_in_string {
            out.push(byte);
            is_in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => {
                is_in_string = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                while bytes.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                match bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        new_line(&mut out, depth);
                    }
                }
            }
            b'}' | b']' => {
                depth -= 1;
                new_line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            byte if byte.is_ascii_whitespace() => {}
            byte => out.push(byte),
        }
    }
    Some(out)
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', 2 * depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = indented(text.as_bytes()).map(|bytes| String::from_utf8(bytes).expect("text"));
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn json_is_indented_and_stays_in_order() {
        check(
            r#"{"b":1,"a":[1, {"x":"a,{\"b\": \\"}]}"#,
            Some("{\n  \"b\": 1,\n  \"a\": [\n    1,\n    {\n      \"x\": \"a,{\\\"b\\\": \\\\\"\n    }\n  ]\n}"),
        );
        check("[ ]", Some("[]"));
        check(" {} ", Some("{}"));
        check("7", Some("7"));
        check("no", None);
        check("{\"a\":1} x", None);
    }
}
