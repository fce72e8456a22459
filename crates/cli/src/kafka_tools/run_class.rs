//! `kafka-run-class CLASS`: the tool of that class, with or without its package, which has moved over the years.

use std::process::ExitCode;

use super::{TOOLS, Tool};

pub(super) fn start(this: &'static Tool, words: &[String]) -> ExitCode {
    let Some((class, rest)) = words.split_first() else {
        eprintln!("{}: name a class, such as org.apache.kafka.tools.GetOffsetShell", this.name);
        return ExitCode::FAILURE;
    };
    let name = class.rsplit('.').next().unwrap_or_default();
    match TOOLS.iter().find(|tool| tool.classes.contains(&name)) {
        Some(tool) => (tool.start)(tool, rest),
        None => {
            let known: Vec<&str> = TOOLS.iter().flat_map(|tool| tool.classes).copied().collect();
            eprintln!("{}: hanzo-stream does not answer for {class}; it does for {}", this.name, known.join(", "));
            ExitCode::FAILURE
        }
    }
}
