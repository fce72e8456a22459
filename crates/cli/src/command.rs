//! The commands, and the one place where they are told apart.

use std::process::ExitCode;

use clap::Subcommand;

use crate::error::CliError;
use crate::not_there::{NotThereArguments, refuse};
use crate::{acls, cluster, completions, configs, consume, dump, groups, man, perf, produce, topics, users};

/// A command that is a client, or needs no broker at all.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)]
pub enum Command {
    /// Create, list, describe, alter and delete topics
    #[command(subcommand)]
    Topics(topics::TopicsCommand),
    /// List, describe, reset and delete consumer groups
    #[command(subcommand)]
    Groups(groups::GroupsCommand),
    /// Send the lines of standard input to a topic
    Produce(produce::ProduceArguments),
    /// Print the records of a topic
    Consume(consume::ConsumeArguments),
    /// Say who may do what: add, list and remove ACLs
    #[command(subcommand)]
    Acls(acls::AclsCommand),
    /// Create, list and delete users who log in by SCRAM
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Describe and alter configurations of topics, brokers and groups, and quotas of clients
    #[command(subcommand)]
    Configs(configs::ConfigsCommand),
    /// Look at the cluster: its brokers, its quorum, its disks
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Print what is in files of a data directory, without a broker
    Dump(dump::DumpArguments),
    /// Measure produce, consume and end-to-end latency
    #[command(subcommand)]
    Perf(perf::PerfCommand),
    /// Not in this release yet
    #[command(hide = true)]
    Schemas(NotThereArguments),
    /// Not in this release yet
    #[command(hide = true)]
    Plan(NotThereArguments),
    /// Not in this release yet
    #[command(hide = true)]
    Apply(NotThereArguments),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArguments),
    /// Print the manual page
    Man(man::ManArguments),
}

/// Runs a command; `whole` is the command line that it is part of.
pub fn run(command: Command, whole: clap::Command) -> ExitCode {
    match dispatch(command, whole) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hanzo-stream: {error}");
            error.exit_code()
        }
    }
}

fn dispatch(command: Command, whole: clap::Command) -> Result<(), CliError> {
    match command {
        Command::Dump(arguments) => dump::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, whole),
        Command::Man(arguments) => man::run(&arguments, whole),
        Command::Schemas(_) => refuse("schemas", "there is no schema registry to ask"),
        Command::Plan(_) => refuse("plan", "'topics describe' and 'configs describe' show what there is"),
        Command::Apply(_) => refuse("apply", "'topics create' and 'configs alter' make what is wanted"),
        Command::Topics(command) => block_on(topics::run(command))?,
        Command::Groups(command) => block_on(groups::run(command))?,
        Command::Produce(arguments) => block_on(produce::run(arguments))?,
        Command::Consume(arguments) => block_on(consume::run(arguments))?,
        Command::Acls(command) => block_on(acls::run(command))?,
        Command::Users(command) => block_on(users::run(command))?,
        Command::Configs(command) => block_on(configs::run(command))?,
        Command::Cluster(command) => block_on(cluster::run(command))?,
        Command::Perf(command) => block_on(perf::run(command))?,
    }
}

/// One thread is enough for a client, and starts at once.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::local("starting", &error))?;
    let result = runtime.block_on(Box::pin(work));
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    Ok(result)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    #[command(name = "hanzo-stream")]
    struct Whole {
        #[command(subcommand)]
        command: Command,
    }

    fn each_leaf(command: &clap::Command, check: &mut impl FnMut(&clap::Command)) {
        if !command.has_subcommands() && !command.is_hide_set() {
            check(command);
        }
        command.get_subcommands().for_each(|command| each_leaf(command, check));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Whole::command().debug_assert();
    }

    #[test]
    fn what_is_not_there_yet_says_so_whatever_its_arguments() {
        for words in ["schemas list", "plan topics.yaml", "apply --prune topics.yaml", "cluster reassign --help"] {
            let parsed = Whole::try_parse_from(["hanzo-stream"].into_iter().chain(words.split(' ')));
            let command = parsed.expect("parses").command;
            let refusal = dispatch(command, Whole::command()).expect_err("refused").to_string();
            assert!(refusal.contains("is not in this release yet; "), "{refusal}");
        }
    }

    #[test]
    fn the_help_of_every_command_has_an_example_that_parses() {
        each_leaf(&Whole::command(), &mut |command| {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<&str> = help.lines().filter(|line| line.contains("hanzo-stream ")).collect();
            assert!(!examples.is_empty(), "{} has no example", command.get_name());
            for example in examples {
                let line = example.split_once("hanzo-stream ").map(|(_, words)| words).unwrap_or_default();
                let line = line.split(" | ").next().unwrap_or_default().split(" > ").next().unwrap_or_default();
                let line = line.split(" < ").next().unwrap_or_default();
                let words = line.split_whitespace().map(|word| word.trim_matches('\''));
                let parsed = Whole::try_parse_from(["hanzo-stream"].into_iter().chain(words));
                assert!(
                    parsed.is_ok(),
                    "{example}: {}",
                    parsed.err().map(|error| error.to_string()).unwrap_or_default()
                );
            }
        });
    }
}
