//! What bytes are: text, or one of Java's numbers.

use super::ToolError;

/// How keys, values or headers are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Deserializer {
    /// As they are.
    Bytes,
    /// Text; what is not UTF-8 is replaced.
    String,
    Short,
    Integer,
    Long,
    Double,
}

impl Deserializer {
    /// Of a class of Kafka's, with or without its package.
    pub(super) fn of_class(class: &str) -> Result<Deserializer, ToolError> {
        match class.rsplit('.').next().unwrap_or_default() {
            "ByteArrayDeserializer" | "BytesDeserializer" => Ok(Deserializer::Bytes),
            "StringDeserializer" => Ok(Deserializer::String),
            "ShortDeserializer" => Ok(Deserializer::Short),
            "IntegerDeserializer" => Ok(Deserializer::Integer),
            "LongDeserializer" => Ok(Deserializer::Long),
            "DoubleDeserializer" => Ok(Deserializer::Double),
            _ => Err(ToolError::usage(format!(
                "{class} is not there; String, ByteArray, Short, Integer, Long and DoubleDeserializer are"
            ))),
        }
    }

    /// Adds what these bytes mean.
    pub(super) fn write(self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ToolError> {
        let text = match self {
            Deserializer::Bytes => {
                out.extend_from_slice(bytes);
                return Ok(());
            }
            Deserializer::String => String::from_utf8_lossy(bytes).into_owned(),
            Deserializer::Short => i16::from_be_bytes(exactly(bytes, "ShortDeserializer")?).to_string(),
            Deserializer::Integer => i32::from_be_bytes(exactly(bytes, "IntegerDeserializer")?).to_string(),
            Deserializer::Long => i64::from_be_bytes(exactly(bytes, "LongDeserializer")?).to_string(),
            Deserializer::Double => format!("{:?}", f64::from_be_bytes(exactly(bytes, "DoubleDeserializer")?)),
        };
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn exactly<const N: usize>(bytes: &[u8], by: &str) -> Result<[u8; N], ToolError> {
    bytes.try_into().map_err(|_| {
        ToolError::failed(format!(
            "org.apache.kafka.common.errors.SerializationException: Size of data received by {by} is not {N}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: &str, bytes: &[u8], expected: Option<&str>) {
        let mut out = Vec::new();
        let read = Deserializer::of_class(class).and_then(|it| it.write(bytes, &mut out));
        let text = read.ok().map(|()| String::from_utf8_lossy(&out).into_owned());
        assert_eq!(text.as_deref(), expected, "{class}");
    }

    #[test]
    fn numbers_are_javas() {
        check("org.apache.kafka.common.serialization.LongDeserializer", &(-5_i64).to_be_bytes(), Some("-5"));
        check("IntegerDeserializer", &[0, 0, 1, 0], Some("256"));
        check("IntegerDeserializer", &[0, 1], None);
        check("DoubleDeserializer", &1.0_f64.to_be_bytes(), Some("1.0"));
        check("StringDeserializer", b"a\xff", Some("a\u{fffd}"));
        check("io.confluent.kafka.serializers.KafkaAvroDeserializer", b"", None);
    }
}
