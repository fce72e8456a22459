//! `kafka-console-producer`: each line of standard input is a record.

mod line_reader;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use stream_client::{Acks, Client, ClientError, Delivery, Producer, ProducerOptions, ProducerRecord};
use stream_codec::compression::Compression;
use stream_types::ErrorCode;
use tokio::time::Instant;

use self::line_reader::LineReader;
use super::client_properties::{ClientPropertyArguments, Properties, pairs};
use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool, java};
use crate::produce::{Lines, read_standard_input};

/// How long a batch waits for more records; a person who types wants to see them arrive.
const LINGER_MS: u64 = 20;

/// Arguments of `kafka-console-producer`.
#[derive(Debug, Args)]
pub(super) struct ConsoleProducer {
    #[command(flatten)]
    server: ServerArguments,
    /// The same as --bootstrap-server, as it was called before
    #[arg(long, value_name = "HOST:PORT,...")]
    broker_list: Option<String>,
    /// The topic
    #[arg(long)]
    topic: Option<String>,
    /// Wait for each record before the next is sent
    #[arg(long)]
    sync: bool,
    /// none, gzip, snappy, lz4 or zstd; without a value gzip
    #[arg(long, value_name = "CODEC", num_args = 0..=1, default_missing_value = "gzip")]
    compression_codec: Option<String>,
    /// Size of a batch before compression (bytes)
    #[arg(long, value_name = "BYTES")]
    batch_size: Option<u32>,
    /// The same as --batch-size, and more important
    #[arg(long, value_name = "BYTES")]
    max_partition_memory_bytes: Option<u32>,
    /// Records that may wait (bytes)
    #[arg(long, value_name = "BYTES")]
    max_memory_bytes: Option<u64>,
    /// How long a batch waits for more records
    #[arg(long, value_name = "MILLISECONDS")]
    timeout: Option<u64>,
    /// Who has to have a record: 0, 1, -1 or all
    #[arg(long, value_name = "ACKS", allow_hyphen_values = true)]
    request_required_acks: Option<String>,
    /// How long a broker may take to answer
    #[arg(long, value_name = "MILLISECONDS")]
    request_timeout_ms: Option<u64>,
    /// How long to look for the topic
    #[arg(long, value_name = "MILLISECONDS")]
    max_block_ms: Option<u64>,
    /// How lines are read: parse.key, key.separator, parse.headers, headers.delimiter, headers.separator,
    /// headers.key.separator, null.marker, ignore.error; may be repeated
    #[arg(long, value_name = "KEY=VALUE", alias = "property")]
    reader_property: Vec<String>,
    /// A file of reader properties
    #[arg(long, value_name = "FILE")]
    reader_config: Option<PathBuf>,
    /// org.apache.kafka.tools.LineMessageReader, the only one
    #[arg(long, value_name = "CLASS")]
    line_reader: Option<String>,
    #[command(flatten)]
    properties: ClientPropertyArguments,
    #[command(flatten)]
    _tuning: Tuning,
}

/// Taken without effect.
#[derive(Debug, Args)]
struct Tuning {
    /// No effect: sending is repeated until time is up
    #[arg(long, value_name = "N")]
    message_send_max_retries: Option<u32>,
    /// No effect
    #[arg(long, value_name = "MILLISECONDS")]
    retry_backoff_ms: Option<u64>,
    /// No effect
    #[arg(long, value_name = "MILLISECONDS")]
    metadata_expiry_ms: Option<u64>,
    /// No effect
    #[arg(long, value_name = "BYTES")]
    socket_buffer_size: Option<u64>,
}

impl KafkaTool for ConsoleProducer {
    const ABOUT: &'static str = "Send the lines of standard input to a topic";

    async fn run(self) -> Result<(), ToolError> {
        let Some(topic) = self.topic.clone() else {
            return Err(ToolError::usage("Missing required argument \"[topic]\""));
        };
        let Some(servers) = self.server.bootstrap_server.as_ref().or(self.broker_list.as_ref()) else {
            return Err(ToolError::usage("Error while validating the bootstrap address"));
        };
        if let Some(class) = &self.line_reader
            && class.rsplit('.').next() != Some("LineMessageReader")
        {
            return Err(ToolError::failed(format!("java.lang.ClassNotFoundException: {class}")));
        }
        let properties = self.properties.read(self.server.command_config.as_deref())?;
        let options = self.options(&properties)?;
        let reader = LineReader::new(&pairs(self.reader_config.as_deref(), &self.reader_property)?)?;
        let timeout = self.max_block_ms.map(Duration::from_millis);
        let client = properties.client(servers, "console-producer", timeout)?;
        Sending { client, options, topic, sync: self.sync, producer: None }.lines(reader).await
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(java::of_tool(error))
    }
}

impl ConsoleProducer {
    fn options(&self, properties: &Properties) -> Result<ProducerOptions, ToolError> {
        let codec = self.compression_codec.as_deref().or(properties.get("compression.type")).unwrap_or("none");
        let compression = Compression::from_name(codec).ok_or_else(|| {
            invalid(codec, "compression.type", "String must be one of: none, gzip, snappy, lz4, zstd")
        })?;
        let acks = self.request_required_acks.as_deref().or(properties.get("acks")).unwrap_or("-1");
        let acks = match acks {
            "0" => Acks::None,
            "1" => Acks::Leader,
            "-1" | "all" => Acks::All,
            other => return Err(invalid(other, "acks", "String must be one of: all, -1, 0, 1")),
        };
        let batch_size = self.max_partition_memory_bytes.or(self.batch_size).map(u64::from);
        let batch_bytes = batch_size.or(properties.number("batch.size")?).unwrap_or(16 * 1024);
        let linger = self.timeout.or(properties.number("linger.ms")?).unwrap_or(LINGER_MS);
        let buffer = self.max_memory_bytes.or(properties.number("buffer.memory")?).unwrap_or(32 << 20);
        let in_flight = properties.number("max.in.flight.requests.per.connection")?.unwrap_or(5).clamp(1, 5);
        Ok(ProducerOptions {
            acks,
            compression,
            batch_bytes: batch_bytes as usize,
            linger: Duration::from_millis(linger),
            idempotent: acks == Acks::All && properties.get("enable.idempotence") != Some("false"),
            buffer_bytes: buffer as usize,
            in_flight: in_flight as usize,
            ..ProducerOptions::default()
        })
    }
}

fn invalid(value: &str, key: &str, expected: &str) -> ToolError {
    ToolError::failed(format!(
        "org.apache.kafka.common.config.ConfigException: Invalid value {value} for configuration {key}: {expected}"
    ))
}

/// Records on their way to a topic.
struct Sending {
    client: Client,
    options: ProducerOptions,
    topic: String,
    sync: bool,
    /// None until there is something to send, and after a batch has failed.
    producer: Option<Producer>,
}

impl Sending {
    async fn lines(mut self, mut reader: LineReader) -> Result<(), ToolError> {
        let mut read = Ok(());
        let has_prompt = std::io::stdin().is_terminal();
        let mut pieces = read_standard_input();
        let mut lines = Lines::default();
        let mut ended = false;
        prompt(has_prompt);
        'input: while !ended {
            match pieces.recv().await {
                Some(Ok(piece)) => lines.push(&piece),
                Some(Err(error)) => return Err(ToolError::failed(format!("reading standard input: {error}"))),
                None => {
                    lines.finish();
                    ended = true;
                }
            }
            while let Some(line) = lines.next() {
                match reader.record(&line) {
                    Ok(record) => self.send(record).await?,
                    Err(error) => {
                        read = Err(error);
                        break 'input;
                    }
                }
                prompt(has_prompt);
            }
        }
        // What was read before a line that is none is sent all the same.
        if let Some(producer) = &self.producer {
            let flushed = producer.flush().await;
            if self.sync {
                flushed?;
            }
        }
        read
    }

    async fn send(&mut self, record: ProducerRecord) -> Result<(), ToolError> {
        match self.try_send(&record).await {
            Ok(()) => Ok(()),
            Err(error) if self.sync => Err(error),
            // A producer that has failed says so again: what failed was told when it did, and the next begins anew.
            Err(_) if self.producer.take().is_some() => match self.try_send(&record).await {
                Ok(()) => Ok(()),
                Err(error) => tell(&self.topic, 1, &error),
            },
            Err(error) => tell(&self.topic, 1, &error),
        }
    }

    async fn try_send(&mut self, record: &ProducerRecord) -> Result<(), ToolError> {
        if self.producer.is_none() {
            self.find_topic().await?;
            let (topic, is_told) = (self.topic.clone(), !self.sync);
            let on_delivery = move |delivery: Delivery| {
                if let Err(error) = delivery.result
                    && is_told
                {
                    // There is nobody to hear of a closed stderr.
                    tell(&topic, delivery.records, &error.into()).unwrap_or_default();
                }
            };
            let producer = Producer::start(self.client.clone(), self.options.clone(), on_delivery).await?;
            self.producer = Some(producer);
        }
        let Some(producer) = &mut self.producer else { return Ok(()) };
        producer.send(&self.topic, record.clone()).await?;
        if self.sync {
            producer.flush().await?;
        }
        Ok(())
    }

    /// Waits for the topic, which a broker may make because it is asked for.
    async fn find_topic(&self) -> Result<(), ToolError> {
        let started = Instant::now();
        let timeout = self.client.config().timeout;
        loop {
            let topics = self.client.topics_made_by_asking(&[&self.topic]).await?;
            let code = topics.first().map_or(0, |topic| topic.error_code);
            match ErrorCode::from_code(code) {
                Some(ErrorCode::None)
                    if topics.iter().all(|topic| topic.partitions.iter().all(|it| it.leader >= 0)) =>
                {
                    return Ok(());
                }
                Some(ErrorCode::InvalidTopicException) => {
                    let words = format!("Invalid topics: [{}]", self.topic);
                    return Err(ToolError::failed(java::exception(ErrorCode::InvalidTopicException, Some(&words))));
                }
                Some(ErrorCode::None | ErrorCode::UnknownTopicOrPartition | ErrorCode::LeaderNotAvailable) => {}
                _ => ClientError::check(format!("topic '{}'", self.topic), code, None)?,
            }
            if started.elapsed() >= timeout {
                let millis = timeout.as_millis();
                let words = format!("Topic {} not present in metadata after {millis} ms.", self.topic);
                return Err(ToolError::failed(java::exception(ErrorCode::RequestTimedOut, Some(&words))));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Records that are not waited for fail in a line of stderr; the exit status stays 0, as that of Kafka's tool.
fn tell(topic: &str, records: i32, error: &ToolError) -> Result<(), ToolError> {
    let error = java::of_tool(error);
    eprintln!("ERROR Error when sending message to topic {topic}, records: {records}, with error: {error}");
    Ok(())
}

fn prompt(is_wanted: bool) {
    if is_wanted {
        print!(">");
        // Nobody reads it: the lines are sent all the same.
        std::io::stdout().flush().unwrap_or_default();
    }
}
