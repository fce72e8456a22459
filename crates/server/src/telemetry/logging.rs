//! Log lines through `tracing`: text for people, or one JSON object a line. Written to standard error.
//!
//! Client ids, topic names and error texts come from outside: every control character is escaped, so that one event
//! stays one line and nothing drives the terminal.

use std::fmt::{self, Write};
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;

use super::line_limit::LineLimit;
use crate::clock::Clock;
use crate::config::LogFormat;

static LIMIT: OnceLock<LineLimit> = OnceLock::new();

/// Sends the events of this process that `level` lets through to standard error. `level` is a level or `target=level`
/// pairs separated by commas, checked by the configuration; what does not parse counts as `info`.
///
/// A second call has no effect: tests of one process share the first.
pub fn start(format: LogFormat, level: &str) {
    let mut targets = level.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    // A trail is no chatter: it is left out only by whoever names it.
    if !level.contains("audit=") {
        targets = targets.with_target("audit", tracing::Level::INFO);
    }
    let layer =
        tracing_subscriber::fmt::layer().event_format(Lines { format }).with_writer(Mutex::new(std::io::stderr()));
    let limit = LIMIT.get_or_init(|| LineLimit::new(Clock::start())).clone();
    let subscriber = tracing_subscriber::registry().with(targets).with(limit).with(layer);
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Logs how many lines were left out since the last time, if some were.
pub(crate) fn say_what_was_left_out() {
    if let Some(limit) = LIMIT.get() {
        limit.say_what_was_left_out();
    }
}

/// An event's message, without its fields.
pub(super) fn message_of(event: &Event<'_>) -> String {
    let mut fields = TextFields::default();
    event.record(&mut fields);
    fields.message
}

/// Writes one line an event.
#[derive(Debug)]
struct Lines {
    format: LogFormat,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::with_capacity(32);
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let metadata = event.metadata();
        match self.format {
            LogFormat::Text => {
                let mut fields = TextFields::default();
                event.record(&mut fields);
                writeln!(writer, "{time} {:5} {}{}", metadata.level(), fields.message, fields.rest)
            }
            LogFormat::Json => {
                let mut fields = JsonFields::default();
                event.record(&mut fields);
                let (level, target) = (metadata.level(), metadata.target());
                writeln!(writer, r#"{{"timestamp":"{time}","level":"{level}","target":"{target}"{}}}"#, fields.text)
            }
        }
    }
}

/// `message key=value key="with spaces"`
#[derive(Default)]
struct TextFields {
    message: String,
    rest: String,
}

impl Visit for TextFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            push_escaped(&mut self.message, value, false);
            return;
        }
        let quoted = value.is_empty() || value.contains(|c: char| c.is_whitespace() || c == '"' || c == '=');
        let quote = if quoted { "\"" } else { "" };
        let _ = write!(self.rest, " {}={quote}", field.name());
        push_escaped(&mut self.rest, value, quoted);
        self.rest.push_str(quote);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            push_escaped(&mut self.message, &format!("{value:?}"), false);
        } else {
            let _ = write!(self.rest, " {}=", field.name());
            push_escaped(&mut self.rest, &format!("{value:?}"), false);
        }
    }
}

/// `,"key":value` for each field; numbers and truth values as such.
#[derive(Default)]
struct JsonFields {
    text: String,
}

impl JsonFields {
    fn push_bare(&mut self, field: &Field, value: impl fmt::Display) {
        let _ = write!(self.text, r#","{}":{value}"#, field.name());
    }
}

impl Visit for JsonFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.text, r#","{}":""#, field.name());
        for character in value.chars() {
            match character {
                '"' | '\\' => self.text.extend(['\\', character]),
                '\n' => self.text.push_str("\\n"),
                character if character.is_control() => {
                    let _ = write!(self.text, "\\u{:04x}", character as u32);
                }
                character => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push_bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push_bare(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push_bare(field, value);
    }
}

fn push_escaped(text: &mut String, value: &str, quoted: bool) {
    for character in value.chars() {
        if character.is_control() || is_direction_override(character) || (quoted && matches!(character, '"' | '\\')) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
}

/// Characters that reorder the text round them on a terminal.
fn is_direction_override(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn of_a_thousand_lines_of_one_kind_some_are_written_and_the_rest_counted() {
        let written = Written::default();
        let writer = written.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Lines { format: LogFormat::Text })
            .with_writer(move || writer.clone());
        let limit = LineLimit::new(Clock::start());
        let subscriber = tracing_subscriber::registry().with(limit.clone()).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..1000 {
                tracing::warn!("nonsense {number}");
                tracing::debug!("a detail");
            }
            for _ in 0..100 {
                tracing::info!(target: "audit", "who did what");
            }
            tracing::info!("another kind");
            limit.say_what_was_left_out();
            limit.say_what_was_left_out();
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |part: &str| text.lines().filter(|line| line.contains(part)).count();
        let nonsense = count("WARN  nonsense");
        assert!((20..100).contains(&nonsense), "{nonsense} lines");
        assert_eq!((count("a detail"), count("who did what"), count("another kind")), (1000, 100, 1));
        assert_eq!(count(&format!("WARN  {} more lines like this one were left out: nonsense 20", 1000 - nonsense)), 1);
        assert_eq!(count("left out"), 1);
    }

    fn check(format: LogFormat, log: impl FnOnce(), expected: &str) {
        let written = Written::default();
        let writer = written.clone();
        let layer = tracing_subscriber::fmt::layer().event_format(Lines { format }).with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let after_time = match format {
            LogFormat::Text => text.split_once(' ').unwrap().1.trim_start(),
            LogFormat::Json => text.split_once(r#"","level""#).unwrap().1,
        };
        assert_eq!(after_time, expected);
    }

    #[test]
    fn text_lines_escape_what_comes_from_outside() {
        let log =
            || tracing::warn!(client = "a\r\nERROR b\u{1b}[2J", partition = 3, topic = %"t\u{7}", "refused {}", "x\ny");
        check(
            LogFormat::Text,
            log,
            "WARN  refused x\\ny client=\"a\\r\\nERROR b\\u{1b}[2J\" partition=3 topic=t\\u{7}\n",
        );
    }

    #[test]
    fn json_lines_are_json() {
        let log = || tracing::info!(client = "a\"\\\u{1b}", partition = 3, ok = true, "hello");
        check(
            LogFormat::Json,
            log,
            concat!(
                r#":"INFO","target":"#,
                "\"",
                module_path!(),
                "\"",
                r#","message":"hello","client":"a\"\\\u001b","partition":3,"ok":true}"#,
                "\n"
            ),
        );
    }
}
