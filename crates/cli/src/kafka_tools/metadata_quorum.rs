//! `kafka-metadata-quorum describe`.

use clap::Args;
use serde_json::Value;
use stream_client::{Quorum, QuorumReplica, wall_millis};

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-metadata-quorum`.
#[derive(Debug, Args)]
pub(super) struct MetadataQuorum {
    /// describe
    action: String,
    #[command(flatten)]
    server: ServerArguments,
    /// Controllers to connect to instead of brokers
    #[arg(long, value_name = "HOST:PORT,...")]
    bootstrap_controller: Option<String>,
    /// Who leads, who votes and how far all are
    #[arg(long)]
    status: bool,
    /// How far each copy of the metadata log is
    #[arg(long)]
    replication: bool,
    /// With --replication: times as how long ago they were
    #[arg(long, alias = "hr")]
    human_readable: bool,
}

impl KafkaTool for MetadataQuorum {
    const ABOUT: &'static str = "Show the metadata quorum: describe --status, describe --replication";

    async fn run(mut self) -> Result<(), ToolError> {
        if self.action != "describe" {
            return Err(ToolError::usage(format!("{} is not there; describe is", self.action)));
        }
        if self.status == self.replication {
            return Err(ToolError::usage(if self.status {
                "Only one of --status or --replication should be specified with describe sub-command"
            } else {
                "One of --status or --replication must be specified with describe sub-command"
            }));
        }
        if let Some(controllers) = self.bootstrap_controller.take() {
            self.server.bootstrap_server = Some(controllers);
        }
        let client = self.server.client()?;
        let quorum = client.describe_quorum().await?;
        if self.replication {
            let now = self.human_readable.then(wall_millis);
            return Ok(print(&table(&rows(&quorum, now)))?);
        }
        let cluster_id = client.describe_cluster().await?.cluster_id;
        Ok(print(&status(&quorum, &cluster_id))?)
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stderr(error.to_string())
    }
}

fn leader(quorum: &Quorum) -> Option<&QuorumReplica> {
    quorum.voters.iter().find(|voter| voter.id == quorum.leader_id)
}

fn status(quorum: &Quorum, cluster_id: &str) -> String {
    let slowest = quorum.voters.iter().min_by_key(|voter| voter.log_end_offset);
    let (lag, lag_ms) = match (leader(quorum), slowest) {
        (Some(leader), Some(slowest)) if leader.id != slowest.id => {
            let times = [leader.last_caught_up_timestamp, slowest.last_caught_up_timestamp];
            let behind = if times.contains(&-1) { -1 } else { times[0] - times[1] };
            (leader.log_end_offset - slowest.log_end_offset, behind)
        }
        _ => (0, 0),
    };
    let lines = [
        ("ClusterId:", cluster_id.to_owned()),
        ("LeaderId:", quorum.leader_id.to_string()),
        ("LeaderEpoch:", quorum.leader_epoch.to_string()),
        ("HighWatermark:", quorum.high_watermark.to_string()),
        ("MaxFollowerLag:", lag.to_string()),
        ("MaxFollowerLagTimeMs:", lag_ms.to_string()),
        ("CurrentVoters:", replicas(quorum, &quorum.voters)),
        ("CurrentObservers:", replicas(quorum, &quorum.observers)),
    ];
    lines.iter().map(|(name, value)| format!("{name:<24}{value}\n")).collect()
}

/// Replicas as Kafka writes them: JSON with a blank after each colon and comma.
fn replicas(quorum: &Quorum, replicas: &[QuorumReplica]) -> String {
    let one = |replica: &QuorumReplica| {
        let mut fields = vec![format!("\"id\": {}", replica.id)];
        if !replica.directory_id.is_zero() {
            fields.push(format!("\"directoryId\": \"{}\"", replica.directory_id));
        }
        if let Some(endpoints) = quorum.endpoints.get(&replica.id) {
            let endpoints: Vec<String> = endpoints.iter().map(|text| Value::from(text.as_str()).to_string()).collect();
            fields.push(format!("\"endpoints\": [{}]", endpoints.join(", ")));
        }
        format!("{{{}}}", fields.join(", "))
    };
    format!("[{}]", replicas.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// The leader first, then who votes and who does not; `now` for times as how long ago they were.
fn rows(quorum: &Quorum, now: Option<i64>) -> Vec<Vec<String>> {
    let headings =
        ["NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"];
    let end = leader(quorum).map_or(0, |leader| leader.log_end_offset);
    let time = |moment: i64| match now {
        Some(now) if moment >= 0 => format!("{} ms ago", (now - moment).max(0)),
        Some(_) => "unknown".to_owned(),
        None => moment.to_string(),
    };
    let row = |replica: &QuorumReplica, status: &str| {
        vec![
            replica.id.to_string(),
            replica.directory_id.to_string(),
            replica.log_end_offset.to_string(),
            (end - replica.log_end_offset).to_string(),
            time(replica.last_fetch_timestamp),
            time(replica.last_caught_up_timestamp),
            status.to_owned(),
        ]
    };
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    rows.extend(leader(quorum).map(|leader| row(leader, "Leader")));
    let followers = quorum.voters.iter().filter(|voter| voter.id != quorum.leader_id);
    rows.extend(followers.map(|follower| row(follower, "Follower")));
    rows.extend(quorum.observers.iter().map(|observer| row(observer, "Observer")));
    rows
}

/// Columns as wide as their widest cell, a tab after each.
fn table(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    let cell = |(cell, width): (&String, &usize)| format!("{cell:<width$}\t");
    let line = |row: &Vec<String>| row.iter().zip(&widths).map(cell).collect::<String>() + "\n";
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use stream_types::Uuid;

    use super::*;

    #[test]
    fn the_leader_comes_first_and_the_slowest_is_measured() {
        let replica = |id, log_end_offset, caught_up| QuorumReplica {
            id,
            directory_id: Uuid::ZERO,
            log_end_offset,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: caught_up,
        };
        let quorum = Quorum {
            leader_id: 2,
            leader_epoch: 5,
            high_watermark: 98,
            voters: vec![replica(1, 90, 1000), replica(2, 100, 1500)],
            observers: vec![replica(3, 100, -1)],
            endpoints: BTreeMap::from([(1, vec!["CONTROLLER://a:9094".to_owned()])]),
        };
        let status = status(&quorum, "c");
        assert!(status.contains("MaxFollowerLag:         10\nMaxFollowerLagTimeMs:   500\n"), "{status}");
        assert!(status.contains("[{\"id\": 1, \"endpoints\": [\"CONTROLLER://a:9094\"]}, {\"id\": 2}]"), "{status}");
        let rows = rows(&quorum, Some(2000));
        let ends: Vec<&str> = rows.iter().map(|row| row[6].as_str()).collect();
        assert_eq!(ends, ["Status", "Leader", "Follower", "Observer"]);
        assert_eq!((rows[2][3].as_str(), rows[2][5].as_str(), rows[2][4].as_str()), ("10", "1000 ms ago", "unknown"));
    }
}
