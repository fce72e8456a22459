//! A record as a line of text or of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use stream_client::FetchedBatch;
use stream_codec::batch::RecordView;

use super::RecordFormat;

/// Adds a record's line to `out`.
pub(super) fn write_record(
    out: &mut Vec<u8>,
    fetched: &FetchedBatch,
    record: &RecordView,
    format: RecordFormat,
    key_separator: Option<&str>,
) {
    match format {
        RecordFormat::Text => {
            if let Some(separator) = key_separator {
                out.extend_from_slice(record.key.as_deref().unwrap_or_default());
                out.extend_from_slice(separator.as_bytes());
            }
            out.extend_from_slice(record.value.as_deref().unwrap_or_default());
        }
        RecordFormat::Json => {
            let offset = fetched.batch.offset_of(record).0;
            let timestamp = fetched.batch.timestamp_of(record);
            let object = as_json(&fetched.topic, fetched.partition, offset, timestamp, record);
            out.extend_from_slice(object.to_string().as_bytes());
        }
    }
    out.push(b'\n');
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
        let mut builder = BatchBuilder::new();
        let header = RecordHeader { key: Bytes::from_static(b"h"), value: None };
        builder.push(1000, Some(b"k"), Some(&[0xff, 0]), &[header]);
        builder.push(1001, None, Some(b"text"), &[]);
        let batch = Batch::parse(&builder.build().expect("builds")).expect("parses");
        let fetched = FetchedBatch { topic: "t".into(), partition: 3, from_offset: 0, batch };
        let mut out = Vec::new();
        for record in fetched.batch.records(1000).expect("opens") {
            write_record(&mut out, &fetched, &record.expect("valid"), format, separator);
        }
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn text_is_the_value_or_key_and_value() {
        check(RecordFormat::Text, None, "\u{fffd}\0\ntext\n");
        check(RecordFormat::Text, Some(" = "), "k = \u{fffd}\0\n = text\n");
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
