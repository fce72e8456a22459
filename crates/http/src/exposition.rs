//! The Prometheus text format (version 0.0.4): families of samples, each family once, samples in the order written.

use std::fmt::Write;

/// What a family's values mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bound.
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// A text of metrics under construction.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

impl Exposition {
    /// An empty text.
    pub fn new() -> Exposition {
        Exposition::default()
    }

    /// Begins a family. `name` is a metric name and `help` one sentence, both from the program and not from outside.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {}", kind.name());
        Family { text: &mut self.text, name }
    }

    /// A counter of one sample.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.family(name, Kind::Counter, help).integer(&[], value);
    }

    /// A gauge of one sample.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.family(name, Kind::Gauge, help).sample(&[], value);
    }

    /// The text as it is served.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A family that takes samples.
#[derive(Debug)]
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Family<'_> {
    /// A value with its labels; label values may be any text.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.line("", labels, None);
        push_float(self.text, value);
        self.text.push('\n');
    }

    /// A whole number with its labels.
    pub fn integer(&mut self, labels: &[(&str, &str)], value: u64) {
        self.line("", labels, None);
        let _ = writeln!(self.text, "{value}");
    }

    /// A whole number that may be negative, with its labels.
    pub fn signed(&mut self, labels: &[(&str, &str)], value: i64) {
        self.line("", labels, None);
        let _ = writeln!(self.text, "{value}");
    }

    /// A histogram with its labels: `counts[i]` observations were at most `bounds[i]` and above the bound before, and
    /// the one count more is of those above every bound.
    ///
    /// # Panics
    /// When there is not one count more than there are bounds.
    pub fn histogram(&mut self, labels: &[(&str, &str)], bounds: &[f64], counts: &[u64], sum: f64) {
        assert_eq!(counts.len(), bounds.len() + 1);
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            self.line("_bucket", labels, Some(bounds.get(index).copied().unwrap_or(f64::INFINITY)));
            let _ = writeln!(self.text, "{total}");
        }
        self.line("_sum", labels, None);
        push_float(self.text, sum);
        self.text.push('\n');
        self.line("_count", labels, None);
        let _ = writeln!(self.text, "{total}");
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<f64>) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let mut separator = '{';
        for (name, value) in labels {
            self.text.push(separator);
            separator = ',';
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_label(self.text, value);
            self.text.push('"');
        }
        if let Some(bound) = bound {
            self.text.push(separator);
            separator = ',';
            self.text.push_str("le=\"");
            push_float(self.text, bound);
            self.text.push('"');
        }
        self.text.push_str(if separator == '{' { " " } else { "} " });
    }
}

/// The format escapes three characters; other control characters are shown as in Rust, so that a group named by a
/// hostile client stays harmless on a terminal.
fn push_label(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            character if character.is_control() => {
                let _ = write!(text, "\\\\u{{{:x}}}", character as u32);
            }
            character => text.push(character),
        }
    }
}

fn push_float(text: &mut String, value: f64) {
    if value.is_infinite() {
        text.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        let _ = write!(text, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_written_in_prometheus_text() {
        let mut exposition = Exposition::new();
        exposition.counter("a_total", "Things.", 3);
        let mut family = exposition.family("b", Kind::Gauge, "Levels.");
        family.sample(&[("group", "a\"b\\c\nd\u{1b}"), ("topic", "é")], 0.5);
        family.signed(&[], -1);
        assert_eq!(
            exposition.into_text(),
            "# HELP a_total Things.\n# TYPE a_total counter\na_total 3\n\
             # HELP b Levels.\n# TYPE b gauge\n\
             b{group=\"a\\\"b\\\\c\\nd\\\\u{1b}\",topic=\"é\"} 0.5\nb -1\n"
        );
    }

    #[test]
    fn histograms_are_cumulative() {
        let mut exposition = Exposition::new();
        exposition.family("h", Kind::Histogram, "Times.").histogram(
            &[("api", "Fetch")],
            &[0.001, 1.0],
            &[2, 0, 1],
            3.5,
        );
        let expected = "h_bucket{api=\"Fetch\",le=\"0.001\"} 2\nh_bucket{api=\"Fetch\",le=\"1\"} 2\n\
                        h_bucket{api=\"Fetch\",le=\"+Inf\"} 3\nh_sum{api=\"Fetch\"} 3.5\nh_count{api=\"Fetch\"} 3\n";
        assert!(exposition.into_text().ends_with(expected));
    }
}
