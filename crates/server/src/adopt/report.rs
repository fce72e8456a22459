//! What was found, for people and for scripts.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::survey::Survey;

/// How the result is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportFormat {
    /// A table
    Table,
    /// JSON
    Json,
}

/// Prints what was found. `adopts`: it is about to be adopted; in JSON this is the whole output.
pub(super) fn print(survey: &Survey, format: ReportFormat, adopts: bool) -> io::Result<()> {
    match format {
        ReportFormat::Table => to_stdout(&table(survey)),
        // Said when it is done.
        ReportFormat::Json if adopts => Ok(()),
        ReportFormat::Json => to_stdout(&format!("{:#}\n", as_json(survey, false))),
    }
}

/// Prints that it is done, and what to do next.
pub(super) fn print_done(survey: &Survey, format: ReportFormat) -> io::Result<()> {
    let dirs: Vec<String> = survey.dirs.iter().map(|dir| dir.path.display().to_string()).collect();
    match format {
        ReportFormat::Table => {
            to_stdout(&format!("\nadopted; start it with node.id={} and log.dirs={}\n", survey.node_id, dirs.join(",")))
        }
        ReportFormat::Json => to_stdout(&format!("{:#}\n", as_json(survey, true))),
    }
}

/// Prints that there is nothing to do.
pub(super) fn print_adopted_before(dir: &Path, format: ReportFormat) -> io::Result<()> {
    match format {
        ReportFormat::Table => to_stdout(&format!("{} is adopted already\n", dir.display())),
        ReportFormat::Json => to_stdout(&format!("{:#}\n", json!({ "adopted": true, "already": true }))),
    }
}

/// The report as lines of text; the server logs them when it adopts by itself.
pub(crate) fn table(survey: &Survey) -> String {
    let mut text = format!(
        "Apache Kafka node {} of cluster {} in {}\n\n",
        survey.node_id,
        survey.cluster_id,
        survey.metadata_dir().display()
    );
    for (name, count) in found(survey) {
        text.push_str(&format!("{name:<22}{count:>9}\n"));
    }
    let adoption = &survey.adoption;
    let lists = [
        ("refused", &adoption.refused),
        ("not carried", &adoption.not_carried),
        ("becomes different", &adoption.changed),
    ];
    for (heading, lines) in lists {
        if !lines.is_empty() {
            text.push_str(&format!("\n{heading}:\n"));
        }
        for line in lines {
            text.push_str(&format!("  - {}\n", line.escape_debug()));
        }
    }
    text
}

fn as_json(survey: &Survey, adopted: bool) -> Value {
    let dirs: Vec<String> = survey.dirs.iter().map(|dir| dir.path.display().to_string()).collect();
    let found: serde_json::Map<String, Value> =
        found(survey).into_iter().map(|(name, count)| (name.replace(' ', "_"), json!(count))).collect();
    json!({
        "adopted": adopted,
        "cluster_id": survey.cluster_id,
        "node_id": survey.node_id.get(),
        "log_dirs": dirs,
        "snapshot": survey.read.snapshot,
        "metadata_end_offset": survey.read.metadata.next_offset().get(),
        "found": found,
        "refused": survey.adoption.refused,
        "not_carried": survey.adoption.not_carried,
        "changed": survey.adoption.changed,
    })
}

fn found(survey: &Survey) -> Vec<(&'static str, usize)> {
    let image = survey.read.metadata.image();
    let security = image.security();
    let users: std::collections::BTreeSet<&str> = security.scram.keys().map(|(user, _)| user.as_str()).collect();
    vec![
        ("topics", image.topics().len()),
        ("partitions", image.topics().partition_count()),
        ("configurations", image.configs().iter().map(|(_, keys)| keys.len()).sum()),
        ("groups", survey.state.groups()),
        ("committed offsets", survey.state.offsets()),
        ("transactional ids", survey.state.transactional_ids()),
        ("SCRAM users", users.len()),
        ("ACLs", security.acls.len()),
        ("quotas", security.quotas.len()),
        ("delegation tokens", security.tokens.len()),
    ]
}

fn to_stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
