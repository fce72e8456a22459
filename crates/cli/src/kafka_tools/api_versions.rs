//! `kafka-broker-api-versions`.

use clap::Args;
use stream_client::{OfferedVersions, Target};
use stream_wire::{API_TABLE, ApiKey};

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-broker-api-versions`.
#[derive(Debug, Args)]
pub(super) struct ApiVersions {
    #[command(flatten)]
    server: ServerArguments,
}

impl KafkaTool for ApiVersions {
    const ABOUT: &'static str = "Show which versions of which APIs each broker offers";

    async fn run(self) -> Result<(), ToolError> {
        let client = self.server.client()?;
        for broker in client.describe_cluster().await?.brokers {
            let offered = client.offered_versions(Target::Node(broker.id)).await?;
            let rack = broker.rack.as_deref().unwrap_or("null");
            let (id, address) = (broker.id, broker.address());
            let apis = lines(&offered).join(",\n");
            print(&format!("{address} (id: {id} rack: {rack} isFenced: false) -> (\n{apis}\n)\n"))?;
        }
        Ok(())
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

fn range(first: i16, last: i16) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// A line for each API that clients have, and for each that is only the broker's.
fn lines(offered: &OfferedVersions) -> Vec<String> {
    let mut lines: Vec<(i16, String)> = Vec::new();
    for api in API_TABLE.iter().filter(|api| api.listeners.broker) {
        let name = format!("\t{}({}): ", api.name, api.code);
        let told = match offered.apis.iter().find(|(code, _, _)| *code == api.code) {
            None => "UNSUPPORTED".to_owned(),
            Some((_, first, last)) => {
                let usable = (*last).min(api.versions.1);
                let usable =
                    if usable >= (*first).max(api.versions.0) { usable.to_string() } else { "none".to_owned() };
                format!("{} [usable: {usable}]", range(*first, *last))
            }
        };
        lines.push((api.code, name + &told));
    }
    for (code, first, last) in offered.apis.iter().filter(|(code, _, _)| ApiKey::from_code(*code).is_none()) {
        lines.push((*code, format!("\tUNKNOWN({code}): {}", range(*first, *last))));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_api_of_clients_has_a_line() {
        let offered = OfferedVersions {
            apis: vec![(0, 0, 99), (46, 0, 0), (9999, 1, 2)],
            features: vec![],
            finalized: vec![],
            finalized_epoch: None,
        };
        let lines = lines(&offered);
        assert_eq!(lines[0], "\tProduce(0): 0 to 99 [usable: 13]");
        assert!(lines.iter().any(|line| line == "\tListPartitionReassignments(46): 0 [usable: 0]"));
        assert!(lines.iter().any(|line| line == "\tFetch(1): UNSUPPORTED"));
        assert_eq!(lines.last().map(String::as_str), Some("\tUNKNOWN(9999): 1 to 2"));
    }
}
