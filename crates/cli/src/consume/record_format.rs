//! A record as a line of text or of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use stream_client::FetchedBatch;
use stream_codec::batch::RecordView;

use super::pretty::indented;
use super::{RecordFormat, Shown};
use crate::time::format_moment;

/// How records are printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style<'a> {
    pub(super) format: RecordFormat,
    /// What stands between key and value, if keys are printed.
    pub(super) key_separator: Option<&'a str>,
    /// Whether JSON is indented.
    pub(super) pretty: bool,
    /// What is printed in front of the value.
    pub(super) show: &'a [Shown],
}

/// Adds a record's line to `out`.
pub(super) fn write_record(out: &mut Vec<u8>, fetched: &FetchedBatch, record: &RecordView, style: &Style<'_>) {
    match style.format {
        RecordFormat::Text => {
            show(out, fetched, record, style.show);
            if let Some(separator) = style.key_separator {
                out.extend_from_slice(record.key.as_deref().unwrap_or_default());
                out.extend_from_slice(separator.as_bytes());
            }
            let value = record.value.as_deref().unwrap_or_default();
            match style.pretty.then(|| indented(value)).flatten() {
                Some(indented) => out.extend_from_slice(&indented),
                None => out.extend_from_slice(value),
            }
        }
        RecordFormat::Json => {
            let offset = fetched.batch.offset_of(record).0;
            let timestamp = fetched.batch.timestamp_of(record);
            let object = as_json(&fetched.topic, fetched.partition, offset, timestamp, record);
            let text = if style.pretty { format!("{object:#}") } else { object.to_string() };
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.push(b'\n');
}

/// Each field and a tab, in the order in which they were asked for.
fn show(out: &mut Vec<u8>, fetched: &FetchedBatch, record: &RecordView, fields: &[Shown]) {
    for field in fields {
        match field {
            Shown::Timestamp => out.extend_from_slice(format_moment(fetched.batch.timestamp_of(record)).as_bytes()),
            Shown::Partition => out.extend_from_slice(format!("partition {}", fetched.partition).as_bytes()),
            Shown::Offset => out.extend_from_slice(format!("offset {}", fetched.batch.offset_of(record).0).as_bytes()),
            Shown::Key => out.extend_from_slice(record.key.as_deref().unwrap_or(b"-")),
            Shown::Headers if record.headers.is_empty() => out.push(b'-'),
            Shown::Headers => {
                for (place, header) in record.headers.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(&header.key);
                    if let Some(value) = &header.value {
                        out.push(b'=');
                        out.extend_from_slice(value);
                    }
                }
            }
        }
        out.push(b'\t');
    }
}

/// A record as an object; what is not UTF-8 stands in a field of its own, in base64.
pub(crate) fn as_json(topic: &str, partition: i32, offset: i64, timestamp: i64, record: &RecordView) -> Value {
    let mut object = Map::new();
    object.insert("topic".into(), json!(topic));
    object.insert("partition".into(), json!(partition));
    object.insert("offset".into(), json!(offset));
    object.insert("timestamp".into(), json!(timestamp));
    put(&mut object, "key", record.key.as_deref());
    put(&mut object, "value", record.value.as_deref());
    let header = |header: &stream_codec::batch::RecordHeader| {
        let mut object = Map::new();
        put(&mut object, "key", Some(&header.key));
        put(&mut object, "value", header.value.as_deref());
        Value::Object(object)
    };
    object.insert("headers".into(), record.headers.iter().map(header).collect());
    Value::Object(object)
}

fn put(object: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    match bytes.map(std::str::from_utf8) {
        None => object.insert(name.into(), Value::Null),
        Some(Ok(text)) => object.insert(name.into(), json!(text)),
        Some(Err(_)) => object.insert(format!("{name}_base64"), json!(STANDARD.encode(bytes.unwrap_or_default()))),
    };
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use stream_codec::batch::{Batch, BatchBuilder, RecordHeader};

    use super::*;

    fn check(format: RecordFormat, separator: Option<&str>, expected: &str) {
        check_style(&Style { format, key_separator: separator, pretty: false, show: &[] }, expected);
    }

    fn check_style(style: &Style<'_>, expected: &str) {
        let mut builder = BatchBuilder::new();
        let header = RecordHeader { key: Bytes::from_static(b"h"), value: None };
        builder.push(1000, Some(b"k"), Some(&[0xff, 0]), &[header]);
        builder.push(1001, None, Some(b"text"), &[]);
        let batch = Batch::parse(&builder.build().expect("builds")).expect("parses");
        let fetched = FetchedBatch { topic: "t".into(), partition: 3, from_offset: 0, batch };
        let mut out = Vec::new();
        for record in fetched.batch.records(1000).expect("opens") {
            write_record(&mut out, &fetched, &record.expect("valid"), style);
        }
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn text_is_the_value_or_key_and_value() {
        check(RecordFormat::Text, None, "\u{fffd}\0\ntext\n");
        check(RecordFormat::Text, Some(" = "), "k = \u{fffd}\0\n = text\n");
    }

    #[test]
    fn fields_stand_in_front_in_the_order_that_was_asked_for() {
        let show = [Shown::Offset, Shown::Headers, Shown::Timestamp];
        let style = Style { format: RecordFormat::Text, key_separator: None, pretty: true, show: &show };
        check_style(
            &style,
            "offset 0\th\t1970-01-01T00:00:01.000Z\t\u{fffd}\0\noffset 1\t-\t1970-01-01T00:00:01.001Z\ttext\n",
        );
    }

    #[test]
    fn json_keeps_what_is_not_text() {
        check(
            RecordFormat::Json,
            None,
            concat!(
                r#"{"headers":[{"key":"h","value":null}],"key":"k","offset":0,"partition":3,"timestamp":1000,"topic":"t","value_base64":"/wA="}"#,
                "\n",
                r#"{"headers":[],"key":null,"offset":1,"partition":3,"timestamp":1001,"topic":"t","value":"text"}"#,
                "\n"
            ),
        );
    }
}
