//! `cluster quorum`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::{Quorum, QuorumReplica};

use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print, print_json};
use crate::time::format_moment;

const EXAMPLES: &str = "\
Examples:
  hanzo-stream cluster quorum";

/// Arguments of `cluster quorum`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct QuorumArguments {
    #[command(flatten)]
    connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: QuorumArguments) -> Result<(), CliError> {
    let client = arguments.connection.client()?;
    let quorum = client.describe_quorum().await.tried(|| "describing the quorum".to_owned())?;
    if arguments.connection.is_json() {
        return print_json(&as_json(&quorum));
    }
    let (leader, epoch, committed) = (quorum.leader_id, quorum.leader_epoch, quorum.high_watermark);
    print(&format!("leader {leader}, epoch {epoch}, high watermark {committed}\n"))?;
    as_rows(&quorum).print()
}

/// Records behind the leader.
fn lag(quorum: &Quorum, replica: &QuorumReplica) -> Option<i64> {
    let leader = quorum.voters.iter().find(|voter| voter.id == quorum.leader_id)?;
    (replica.log_end_offset >= 0).then(|| (leader.log_end_offset - replica.log_end_offset).max(0))
}

fn role(quorum: &Quorum, replica: &QuorumReplica, is_voter: bool) -> &'static str {
    match is_voter {
        true if replica.id == quorum.leader_id => "leader",
        true => "voter",
        false => "observer",
    }
}

fn replicas(quorum: &Quorum) -> impl Iterator<Item = (&QuorumReplica, &'static str)> {
    let voters = quorum.voters.iter().map(|replica| (replica, role(quorum, replica, true)));
    voters.chain(quorum.observers.iter().map(|replica| (replica, role(quorum, replica, false))))
}

fn as_rows(quorum: &Quorum) -> Rows {
    let mut rows = Rows::new(&["NODE", "ROLE", "LOG-END", "LAG", "CAUGHT-UP", "DIRECTORY"]);
    for (replica, role) in replicas(quorum) {
        rows.push(vec![
            replica.id.to_string(),
            role.to_owned(),
            cell((replica.log_end_offset >= 0).then_some(replica.log_end_offset)),
            cell(lag(quorum, replica)),
            format_moment(replica.last_caught_up_timestamp),
            cell((!replica.directory_id.is_zero()).then_some(replica.directory_id)),
        ]);
    }
    rows
}

fn as_json(quorum: &Quorum) -> Value {
    let replica = |(replica, role): (&QuorumReplica, &str)| {
        json!({
            "node": replica.id,
            "role": role,
            "directory_id": replica.directory_id.to_string(),
            "log_end_offset": replica.log_end_offset,
            "lag": lag(quorum, replica),
            "last_fetch_timestamp": replica.last_fetch_timestamp,
            "last_caught_up_timestamp": replica.last_caught_up_timestamp,
        })
    };
    json!({
        "leader": quorum.leader_id,
        "leader_epoch": quorum.leader_epoch,
        "high_watermark": quorum.high_watermark,
        "replicas": replicas(quorum).map(replica).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use stream_types::Uuid;

    use super::*;

    #[test]
    fn replicas_are_measured_against_the_leader() {
        let replica = |id, log_end_offset| QuorumReplica {
            id,
            directory_id: Uuid::ZERO,
            log_end_offset,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        };
        let quorum = Quorum {
            leader_id: 2,
            leader_epoch: 5,
            high_watermark: 98,
            voters: vec![replica(1, 90), replica(2, 100)],
            observers: vec![replica(3, -1)],
            endpoints: Default::default(),
        };
        let json = as_json(&quorum);
        assert_eq!(json["replicas"][0]["lag"], 10);
        assert_eq!(json["replicas"][1]["role"], "leader");
        assert_eq!(json["replicas"][2]["lag"], Value::Null);
        assert!(as_rows(&quorum).render().contains("observer"));
    }
}
