//! Headers, key and value of a line, as Kafka's `LineMessageReader` finds them.

use std::collections::BTreeMap;

use bytes::Bytes;
use regex::bytes::Regex;
use stream_client::ProducerRecord;
use stream_codec::batch::RecordHeader;

use super::ToolError;

/// How lines are read, and how many were.
#[derive(Debug)]
pub(super) struct LineReader {
    parses_key: bool,
    key_separator: String,
    parses_headers: bool,
    headers_delimiter: String,
    headers_separator: Regex,
    headers_key_separator: String,
    null_marker: Option<String>,
    ignores_errors: bool,
    line: usize,
}

impl LineReader {
    /// A reader with these properties; separators that would be taken for each other are refused.
    pub(super) fn new(properties: &BTreeMap<String, String>) -> Result<LineReader, ToolError> {
        let text = |key: &str, default: &str| properties.get(key).cloned().unwrap_or_else(|| default.to_owned());
        let is_true = |key: &str| properties.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let key_separator = text("key.separator", "\t");
        let delimiter = text("headers.delimiter", "\t");
        let separator = text("headers.separator", ",");
        let key_of_header = text("headers.key.separator", ":");
        let null_marker = properties.get("null.marker").cloned();
        let marker = null_marker.as_deref();
        let equal = [
            (Some(&*delimiter), &*separator, "headers.delimiter and headers.separator"),
            (Some(&*delimiter), &*key_of_header, "headers.delimiter and headers.key.separator"),
            (Some(&*separator), &*key_of_header, "headers.separator and headers.key.separator"),
            (marker, &*key_separator, "null.marker and key.separator"),
            (marker, &*separator, "null.marker and headers.separator"),
            (marker, &*delimiter, "null.marker and headers.delimiter"),
            (marker, &*key_of_header, "null.marker and headers.key.separator"),
        ];
        if let Some((_, _, names)) = equal.iter().find(|(left, right, _)| *left == Some(*right)) {
            return Err(wrong(format!("{names} may not be equal")));
        }
        let headers_separator =
            Regex::new(&separator).map_err(|error| wrong(format!("headers.separator {separator}: {error}")))?;
        Ok(LineReader {
            parses_key: is_true("parse.key"),
            key_separator,
            parses_headers: is_true("parse.headers"),
            headers_delimiter: delimiter,
            headers_separator,
            headers_key_separator: key_of_header,
            null_marker,
            ignores_errors: is_true("ignore.error"),
            line: 0,
        })
    }

    /// The record that a line means.
    pub(super) fn record(&mut self, line: &Bytes) -> Result<ProducerRecord, ToolError> {
        self.line += 1;
        let mut rest = line.clone();
        let mut field = |is_wanted: bool, end: &str, name: &str| -> Result<Option<Bytes>, ToolError> {
            if !is_wanted {
                return Ok(None);
            }
            match find(&rest, end) {
                Some(at) => {
                    let found = rest.slice(..at);
                    rest = rest.slice(at + end.len()..);
                    Ok(Some(found))
                }
                None if self.ignores_errors => Ok(None),
                None => {
                    let line_text = String::from_utf8_lossy(line);
                    Err(wrong(format!("No {name} found on line number {}: '{line_text}'", self.line)))
                }
            }
        };
        let headers = field(self.parses_headers, &self.headers_delimiter, "headers delimiter")?;
        let key = field(self.parses_key, &self.key_separator, "key separator")?;
        let headers = match headers.filter(|headers| !self.is_null(headers)) {
            Some(headers) => self.headers(&headers)?,
            None => Vec::new(),
        };
        let key = key.filter(|key| !self.is_null(key));
        let value = Some(rest).filter(|value| !self.is_null(value));
        Ok(ProducerRecord { partition: None, key, value, headers })
    }

    fn headers(&self, text: &Bytes) -> Result<Vec<RecordHeader>, ToolError> {
        let mut pairs: Vec<&[u8]> = self.headers_separator.split(text).collect();
        // As Java splits: what is empty at the end is not there, unless there is nothing else.
        while pairs.len() > 1 && pairs.last().is_some_and(|pair| pair.is_empty()) {
            pairs.pop();
        }
        pairs.into_iter().map(|pair| self.header(text.slice_ref(pair))).collect()
    }

    fn header(&self, pair: Bytes) -> Result<RecordHeader, ToolError> {
        let Some(at) = find(&pair, &self.headers_key_separator) else {
            if self.ignores_errors {
                return Ok(RecordHeader { key: pair, value: None });
            }
            let pair = String::from_utf8_lossy(&pair);
            let line = self.line;
            return Err(wrong(format!("No header key separator found in pair '{pair}' on line number {line}")));
        };
        let key = pair.slice(..at);
        if self.is_null(&key) {
            let marker = self.null_marker.as_deref().unwrap_or_default();
            return Err(wrong(format!(
                "Header keys should not be equal to the null marker '{marker}' as they can't be null"
            )));
        }
        let value = pair.slice(at + self.headers_key_separator.len()..);
        Ok(RecordHeader { key, value: Some(value).filter(|value| !self.is_null(value)) })
    }

    fn is_null(&self, field: &[u8]) -> bool {
        self.null_marker.as_ref().is_some_and(|marker| marker.as_bytes() == field)
    }
}

fn find(text: &[u8], wanted: &str) -> Option<usize> {
    if wanted.is_empty() {
        return Some(0);
    }
    text.windows(wanted.len()).position(|window| window == wanted.as_bytes())
}

fn wrong(message: impl std::fmt::Display) -> ToolError {
    ToolError::failed(format!("org.apache.kafka.common.KafkaException: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(properties: &[(&str, &str)]) -> Result<LineReader, ToolError> {
        let owned = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        LineReader::new(&owned.collect())
    }

    fn check(properties: &[(&str, &str)], line: &'static str, expected: Result<&str, &str>) {
        let read = reader(properties).and_then(|mut reader| reader.record(&Bytes::from_static(line.as_bytes())));
        let text = |bytes: Option<Bytes>| match bytes {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            None => "-".to_owned(),
        };
        let shown = match read {
            Ok(record) => {
                let headers: Vec<String> = record
                    .headers
                    .into_iter()
                    .map(|header| format!("{}={}", text(Some(header.key)), text(header.value)))
                    .collect();
                Ok(format!("[{}] {} {}", headers.join(" "), text(record.key), text(record.value)))
            }
            Err(error) => Err(error.to_string().replace("org.apache.kafka.common.KafkaException: ", "")),
        };
        assert_eq!(shown, expected.map(str::to_owned).map_err(str::to_owned), "{line}");
    }

    #[test]
    fn lines_are_taken_apart() {
        const KEY: (&str, &str) = ("parse.key", "true");
        const HEADERS: (&str, &str) = ("parse.headers", "true");
        check(&[], "a\tb", Ok("[] - a\tb"));
        check(&[KEY], "a\tb\tc", Ok("[] a b\tc"));
        check(&[KEY, ("key.separator", "::")], "a::", Ok("[] a "));
        check(&[KEY, HEADERS], "h:1,g:\tk\tv", Ok("[h=1 g=] k v"));
        check(&[HEADERS, ("headers.separator", "[;,]")], "h:1;g:2,\tv", Ok("[h=1 g=2] - v"));
        check(&[KEY, ("null.marker", "NULL")], "NULL\tNULL", Ok("[] - -"));
        check(&[HEADERS, ("null.marker", "NULL")], "NULL\tv", Ok("[] - v"));
        check(&[KEY, ("ignore.error", "true")], "a", Ok("[] - a"));
        check(&[KEY], "a", Err("No key separator found on line number 1: 'a'"));
        check(&[HEADERS], "x\tv", Err("No header key separator found in pair 'x' on line number 1"));
    }

    #[test]
    fn separators_have_to_differ() {
        let error = reader(&[("headers.delimiter", ",")]).expect_err("refused").to_string();
        assert!(error.ends_with("headers.delimiter and headers.separator may not be equal"), "{error}");
        assert!(reader(&[("null.marker", ":")]).is_err());
        assert!(reader(&[("headers.separator", "(")]).is_err());
    }
}
