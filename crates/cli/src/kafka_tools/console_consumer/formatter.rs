//! A record as Kafka's `DefaultMessageFormatter` shows it.

use std::collections::BTreeMap;

use stream_client::FetchedBatch;
use stream_codec::batch::{RecordView, TimestampType};

use super::ToolError;
use super::deserializer::Deserializer;
use super::offsets_formatter;

/// How records are shown.
#[derive(Debug)]
pub(super) enum Formatter {
    Default(Box<Fields>),
    /// Not at all.
    Nothing,
    /// Committed offsets in `__consumer_offsets`.
    Offsets,
}

/// Which fields are shown, and what stands between them.
#[derive(Debug)]
pub(super) struct Fields {
    timestamp: bool,
    partition: bool,
    offset: bool,
    delivery: bool,
    epoch: bool,
    headers: bool,
    key: bool,
    value: bool,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
    key_deserializer: Deserializer,
    value_deserializer: Deserializer,
    headers_deserializer: Deserializer,
}

impl Formatter {
    /// Of a class of Kafka's, with or without its package, and these properties.
    pub(super) fn new(class: Option<&str>, properties: &BTreeMap<String, String>) -> Result<Formatter, ToolError> {
        match class.map(|class| class.rsplit(['.', '$']).next().unwrap_or_default()) {
            None | Some("DefaultMessageFormatter") => Ok(Formatter::Default(Box::new(Fields::new(properties)?))),
            Some("NoOpMessageFormatter") => Ok(Formatter::Nothing),
            Some("OffsetsMessageFormatter") => Ok(Formatter::Offsets),
            Some(_) => Err(ToolError::usage(class.unwrap_or_default())),
        }
    }

    /// Adds a record to `out`.
    pub(super) fn write(
        &self,
        fetched: &FetchedBatch,
        record: &RecordView,
        out: &mut Vec<u8>,
    ) -> Result<(), ToolError> {
        match self {
            Formatter::Default(fields) => fields.write(fetched, record, out),
            Formatter::Nothing => Ok(()),
            Formatter::Offsets => offsets_formatter::write(record, out),
        }
    }
}

impl Fields {
    fn new(properties: &BTreeMap<String, String>) -> Result<Fields, ToolError> {
        let is_true = |key: &str| properties.get(key).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let text = |key: &str, default: &str| {
            properties.get(key).map_or_else(|| default.as_bytes().to_vec(), |value| value.as_bytes().to_vec())
        };
        let class = |key: &str| match properties.get(key) {
            Some(class) => Deserializer::of_class(class),
            None => Ok(Deserializer::Bytes),
        };
        Ok(Fields {
            timestamp: is_true("print.timestamp"),
            partition: is_true("print.partition"),
            offset: is_true("print.offset"),
            delivery: is_true("print.delivery"),
            epoch: is_true("print.epoch"),
            headers: is_true("print.headers"),
            key: is_true("print.key"),
            value: !properties.contains_key("print.value") || is_true("print.value"),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null_literal: text("null.literal", "null"),
            key_deserializer: class("key.deserializer")?,
            value_deserializer: class("value.deserializer")?,
            headers_deserializer: class("headers.deserializer")?,
        })
    }

    fn write(&self, fetched: &FetchedBatch, record: &RecordView, out: &mut Vec<u8>) -> Result<(), ToolError> {
        let mut fields: Vec<Vec<u8>> = Vec::new();
        if self.timestamp {
            let kind = match fetched.batch.header().attributes.timestamp_type() {
                TimestampType::CreateTime => "CreateTime",
                TimestampType::LogAppendTime => "LogAppendTime",
            };
            fields.push(format!("{kind}:{}", fetched.batch.timestamp_of(record)).into_bytes());
        }
        if self.partition {
            fields.push(format!("Partition:{}", fetched.partition).into_bytes());
        }
        if self.offset {
            fields.push(format!("Offset:{}", fetched.batch.offset_of(record).0).into_bytes());
        }
        // Kafka's tool does not hand these two to its formatter.
        if self.delivery {
            fields.push(b"Delivery:NOT_PRESENT".to_vec());
        }
        if self.epoch {
            fields.push(b"Epoch:NOT_PRESENT".to_vec());
        }
        if self.headers {
            fields.push(self.headers_of(record)?);
        }
        if self.key {
            fields.push(self.bytes(self.key_deserializer, record.key.as_deref())?);
        }
        if self.value {
            fields.push(self.bytes(self.value_deserializer, record.value.as_deref())?);
        }
        for (place, field) in fields.iter().enumerate() {
            out.extend_from_slice(field);
            let is_last = place + 1 == fields.len();
            out.extend_from_slice(if is_last { &self.line_separator } else { &self.key_separator });
        }
        Ok(())
    }

    fn headers_of(&self, record: &RecordView) -> Result<Vec<u8>, ToolError> {
        if record.headers.is_empty() {
            return Ok(b"NO_HEADERS".to_vec());
        }
        let mut text = Vec::new();
        for (place, header) in record.headers.iter().enumerate() {
            if place > 0 {
                text.extend_from_slice(&self.headers_separator);
            }
            text.extend_from_slice(&header.key);
            text.push(b':');
            text.extend_from_slice(&self.bytes(self.headers_deserializer, header.value.as_deref())?);
        }
        Ok(text)
    }

    fn bytes(&self, deserializer: Deserializer, bytes: Option<&[u8]>) -> Result<Vec<u8>, ToolError> {
        let Some(bytes) = bytes else { return Ok(self.null_literal.clone()) };
        let mut text = Vec::new();
        deserializer.write(bytes, &mut text)?;
        Ok(text)
    }
}
