//! Documents: one title each, the licence, the files that a newcomer looks for, and lists that agree with the code.

use std::collections::BTreeSet;

use crate::repository::{File, Offence, Repository};
use crate::source::Rust;

/// What is wrong with documents, and what code and documents disagree about.
pub fn check(repository: &Repository) -> Vec<Offence> {
    let mut offences = titles(repository);
    offences.extend(licence(repository));
    offences.extend(metrics(repository));
    offences.extend(configuration(repository));
    offences
}

/// A markdown file begins with its one title.
fn titles(repository: &Repository) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in repository.files.iter().filter(|file| file.path.ends_with(".md")) {
        let mut in_code = false;
        let mut titles = 0;
        for line in file.text.lines() {
            in_code ^= line.trim_start().starts_with("```");
            titles += usize::from(!in_code && line.starts_with("# "));
        }
        if titles != 1 || !file.text.starts_with("# ") {
            offences.push(Offence::new(
                &file.path,
                1,
                format!("{titles} titles: a document begins with its one `# Title`"),
            ));
        }
    }
    offences
}

/// MIT, in the file and in the manifests.
fn licence(repository: &Repository) -> Vec<Offence> {
    let mut offences = Vec::new();
    let has_text = |path: &str, text: &str| repository.file(path).is_some_and(|file| file.text.contains(text));
    if !has_text("LICENSE", "MIT License") {
        offences.push(Offence::new("LICENSE", 0, "the MIT licence belongs here"));
    }
    if !has_text("Cargo.toml", "license = \"MIT\"") {
        offences.push(Offence::new("Cargo.toml", 0, "the workspace's licence is MIT"));
    }
    for file in repository.files.iter().filter(|file| file.path != "Cargo.toml" && file.path.ends_with("/Cargo.toml")) {
        if !file.text.contains("license.workspace = true") {
            offences.push(Offence::new(&file.path, 0, "license.workspace = true is missing"));
        }
    }
    offences
}

const METRICS: &str = "docs/metrics.md";
const METRIC_PREFIXES: &[&str] = &["kafka_", "stream_", "hanzo_", "schema_registry_", "process_"];

/// docs/metrics.md names exactly the metrics that the code exports.
fn metrics(repository: &Repository) -> Vec<Offence> {
    let Some(document) = repository.file(METRICS) else {
        return Vec::new();
    };
    let is_metric = |name: &str| {
        !name.ends_with('_')
            && METRIC_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut in_code = BTreeSet::new();
    for file in &repository.files {
        let exports = file.path.starts_with("crates/http/src/") || file.path.starts_with("crates/server/src/");
        if exports && file.path.ends_with(".rs") {
            in_code.extend(literals(file).into_iter().filter(|name| is_metric(name)));
        }
    }
    let in_document =
        code_spans(&document.text).into_iter().map(|span| span.split('{').next().unwrap_or_default().to_owned());
    agree(METRICS, "metric", &in_code, &in_document.filter(|name| is_metric(name)).collect())
}

const CONFIGURATION: &str = "docs/configuration.md";
const CONFIGURATION_SOURCES: &[&str] = &["crates/server/src/config/keys.rs"];

/// docs/configuration.md names every key that start-up reads, and of ours (`hanzo.`) no other.
fn configuration(repository: &Repository) -> Vec<Offence> {
    let Some(document) = repository.file(CONFIGURATION) else {
        return Vec::new();
    };
    let mut in_code = BTreeSet::new();
    for file in repository.files.iter().filter(|file| CONFIGURATION_SOURCES.contains(&file.path.as_str())) {
        let keys = file
            .text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix('"')?.split_once('"').map(|(key, _)| key.to_owned()));
        in_code.extend(keys.filter(|key| key.contains('.') || !key.contains(' ')));
    }
    let mut in_document = code_spans(&document.text);
    in_document
        .retain(|span| in_code.contains(span) || (span.starts_with("hanzo.") && !span.contains(['=', ' ', '*'])));
    agree(CONFIGURATION, "key", &in_code, &in_document)
}

fn agree(path: &str, kind: &str, in_code: &BTreeSet<String>, in_document: &BTreeSet<String>) -> Vec<Offence> {
    let missing = in_code
        .difference(in_document)
        .map(|name| Offence::new(path, 0, format!("the {kind} {name} is not described")));
    let invented = in_document
        .difference(in_code)
        .map(|name| Offence::new(path, 0, format!("the {kind} {name} does not exist in the code")));
    missing.chain(invented).collect()
}

/// String literals outside tests.
fn literals(file: &File) -> BTreeSet<String> {
    let rust = Rust::parse(&file.text, false);
    let mut found = BTreeSet::new();
    let mut quotes = rust.production.match_indices('"').map(|(position, _)| position);
    while let (Some(start), Some(end)) = (quotes.next(), quotes.next()) {
        found.insert(file.text[start + 1..end].to_owned());
    }
    found
}

/// What stands between single backticks.
fn code_spans(text: &str) -> BTreeSet<String> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_one_title() {
        let titles = |text| titles(&Repository::of(&[("docs/a.md", text)])).len();
        assert_eq!(titles("# A\n\n```\n# a comment\n```\n## B\n"), 0);
        assert_eq!(titles("# A\n# B\n"), 1);
        assert_eq!(titles("text\n# A\n"), 1);
        assert_eq!(titles(""), 1);
    }

    #[test]
    fn the_licence_is_there() {
        let good = [
            ("LICENSE", "MIT License"),
            ("Cargo.toml", "license = \"MIT\""),
            ("crates/a/Cargo.toml", "license.workspace = true"),
        ];
        assert_eq!(licence(&Repository::of(&good)), []);
        for missing in 0..good.len() {
            let mut files = good;
            files[missing].1 = "";
            assert_eq!(licence(&Repository::of(&files)).len(), 1);
        }
    }

    #[test]
    fn metrics_agree_both_ways() {
        let code = ("crates/http/src/a.rs", "const A: &str = \"kafka_a_total\";");
        assert_eq!(metrics(&Repository::of(&[code])), [], "no document yet, nothing to compare");
        assert_eq!(metrics(&Repository::of(&[code, (METRICS, "`kafka_a_total{topic}`")])), []);
        assert_eq!(metrics(&Repository::of(&[code, (METRICS, "`kafka_b`")])).len(), 2);
    }

    #[test]
    fn keys_agree_both_ways() {
        let code =
            (CONFIGURATION_SOURCES[0], "keys! {\n    \"log.dirs\" Text, \"\";\n    \"listeners\" Text, \"\";\n}");
        assert_eq!(configuration(&Repository::of(&[code, (CONFIGURATION, "`log.dirs` and `listeners`")])), []);
        assert_eq!(configuration(&Repository::of(&[code, (CONFIGURATION, "`log.dirs`, `hanzo.invented`")])).len(), 2);
    }
}
