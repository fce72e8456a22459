//! `kafka-topics`.

use clap::Args;

use super::error::ToolError;
use super::server::ServerArguments;
use super::{Complaint, KafkaTool};
use crate::output::print;

/// Arguments of `kafka-topics`.
#[derive(Debug, Args)]
pub(super) struct Topics {
    #[command(flatten)]
    server: ServerArguments,
    /// List the names of topics
    #[arg(long)]
    list: bool,
    /// Leave out topics in which the cluster keeps its own state
    #[arg(long)]
    exclude_internal: bool,
}

impl KafkaTool for Topics {
    const ABOUT: &'static str = "Create, list, describe, alter and delete topics";

    async fn run(self) -> Result<(), ToolError> {
        if !self.list {
            return Err(ToolError::usage("Command must include exactly one action: --list"));
        }
        let topics = self.server.client()?.all_topics().await?;
        let names = topics.iter().filter(|topic| !(self.exclude_internal && topic.is_internal));
        print(&names.map(|topic| format!("{}\n", topic.name)).collect::<String>())?;
        Ok(())
    }

    fn complaint(error: &ToolError) -> Complaint {
        Complaint::Stdout(format!("Error while executing topic command : {error}"))
    }
}
