//! `kafka-cluster`: the cluster's id and its brokers.

use clap::Args;
use stream_client::Client;

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-cluster`.
#[derive(Debug, Args)]
pub(super) struct Cluster {
    /// cluster-id or list-endpoints
    action: String,
    #[command(flatten)]
    server: ServerArguments,
}

impl KafkaTool for Cluster {
    const ABOUT: &'static str = "Show the cluster's id (cluster-id) or where its brokers are (list-endpoints)";

    async fn run(self) -> Result<(), ToolError> {
        match self.action.as_str() {
            "cluster-id" => {
                let described = self.server.client()?.describe_cluster().await?;
                Ok(print(&format!("Cluster ID: {}\n", described.cluster_id))?)
            }
            "list-endpoints" => list_endpoints(&self.server.client()?).await,
            other => {
                Err(ToolError::usage(format!("invalid choice: '{other}' (choose from cluster-id, list-endpoints)")))
            }
        }
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

async fn list_endpoints(client: &Client) -> Result<(), ToolError> {
    let brokers = client.describe_cluster().await?.brokers;
    let host = brokers.iter().map(|broker| broker.host.len()).max().unwrap_or(0).max("HOST".len());
    let rack = brokers.iter().filter_map(|broker| broker.rack.as_ref()).map(String::len).max();
    let rack = rack.unwrap_or(0).max(10);
    let line = |id: &str, name: &str, port: &str, at: &str, state: &str| {
        format!("{id:<10} {name:<host$} {port:<10} {at:<rack$} {state:<10} ")
    };
    let mut text = format!("{}{:<15}\n", line("ID", "HOST", "PORT", "RACK", "STATE"), "ENDPOINT_TYPE");
    for broker in &brokers {
        let rack = broker.rack.as_deref().unwrap_or("null");
        let (id, port) = (broker.id.to_string(), broker.port.to_string());
        // Fenced brokers are not asked for.
        text.push_str(&format!("{}{:<15}\n", line(&id, &broker.host, &port, rack, "unfenced"), "broker"));
    }
    Ok(print(&text)?)
}
