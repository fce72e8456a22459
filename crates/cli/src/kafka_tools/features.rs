//! `kafka-features describe`.

use clap::Args;
use stream_client::{OfferedVersions, Target};

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-features`.
#[derive(Debug, Args)]
pub(super) struct Features {
    /// describe
    action: String,
    #[command(flatten)]
    server: ServerArguments,
    /// Controllers to connect to instead of brokers
    #[arg(long, value_name = "HOST:PORT,...")]
    bootstrap_controller: Option<String>,
}

impl KafkaTool for Features {
    const ABOUT: &'static str = "Show the features of the cluster and their versions: describe";

    async fn run(mut self) -> Result<(), ToolError> {
        if self.action != "describe" {
            return Err(ToolError::usage(format!(
                "{} is not there; describe is: the version of the metadata is that of the brokers",
                self.action
            )));
        }
        if let Some(controllers) = self.bootstrap_controller.take() {
            self.server.bootstrap_server = Some(controllers);
        }
        let offered = self.server.client()?.offered_versions(Target::Any).await?;
        Ok(print(&lines(&offered))?)
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

fn lines(offered: &OfferedVersions) -> String {
    let epoch = offered.finalized_epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string());
    let line = |(name, first, last): &(String, i16, i16)| {
        let finalized =
            offered.finalized.iter().find(|(finalized, _)| finalized == name).map_or(0, |(_, level)| *level);
        let version = |level: i16| if name == "metadata.version" { metadata_version(level) } else { level.to_string() };
        let (first, last, finalized) = (version(*first), version(*last), version(finalized));
        format!(
            "Feature: {name:<42}SupportedMinVersion: {first:<17}SupportedMaxVersion: {last:<17}FinalizedVersionLevel: {finalized:<17}Epoch: {epoch}\n"
        )
    };
    offered.features.iter().map(line).collect()
}

/// Kafka's releases since 3.3, and how many levels of metadata.version each has; the first level is 7, 3.3-IV3.
const RELEASES: [(&str, i16); 12] = [
    ("3.3", 7),
    ("3.4", 8),
    ("3.5", 9),
    ("3.6", 12),
    ("3.7", 15),
    ("3.8", 20),
    ("3.9", 21),
    ("4.0", 22),
    ("4.1", 26),
    ("4.2", 28),
    ("4.3", 30),
    ("", i16::MAX),
];

/// Kafka's name of a level: `4.3-IV0` of 30.
fn metadata_version(level: i16) -> String {
    let release = RELEASES.windows(2).find(|pair| (pair[0].1..pair[1].1).contains(&level));
    match release.map(|pair| pair[0]) {
        Some(("3.3", _)) => "3.3-IV3".to_owned(),
        Some((release, first)) => format!("{release}-IV{}", level - first),
        None => level.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_the_names_of_releases() {
        for (level, name) in
            [(7, "3.3-IV3"), (14, "3.6-IV2"), (21, "3.9-IV0"), (25, "4.0-IV3"), (30, "4.3-IV0"), (0, "0")]
        {
            assert_eq!(metadata_version(level), name);
        }
    }
}
