//! `--list`.

use stream_client::{Client, ListedGroup};

use super::{ConsumerGroups, ToolError, usage, width};
use crate::output::print;

const STATES: [&str; 7] =
    ["Stable", "Assigning", "Dead", "Empty", "PreparingRebalance", "Reconciling", "CompletingRebalance"];
const TYPES: [&str; 2] = ["Consumer", "Classic"];

pub(super) async fn run(client: &Client, arguments: &ConsumerGroups) -> Result<(), ToolError> {
    let states = wanted("state list", "states", arguments.state.as_deref(), &STATES)?;
    let types = wanted("types list", "types", arguments.r#type.as_deref(), &TYPES)?;
    let mut groups = consumer_groups(client).await?;
    groups.retain(|group| is_among(&states, &group.state) && is_among(&types, &group.group_type));
    if arguments.state.is_none() && arguments.r#type.is_none() {
        return Ok(print(&groups.iter().map(|group| format!("{}\n", group.group_id)).collect::<String>())?);
    }
    let column = width(15, groups.iter().map(|group| group.group_id.as_str())) + 10;
    let line = |group: &str, kind: &str, state: &str| {
        let mut line = format!("{group:<column$}");
        if arguments.r#type.is_some() {
            line += &format!(" {kind:<20}");
        }
        if arguments.state.is_some() {
            line += &format!(" {state:<20}");
        }
        line + "\n"
    };
    let mut text = line("GROUP", "TYPE", "STATE");
    for group in &groups {
        text += &line(&group.group_id, spelled(&TYPES, &group.group_type), spelled(&STATES, &group.state));
    }
    Ok(print(&text)?)
}

/// Groups of consumers: by their type, and where that is classic by their protocol.
pub(super) async fn consumer_groups(client: &Client) -> Result<Vec<ListedGroup>, ToolError> {
    let mut groups = client.list_groups().await?;
    groups.retain(|group| {
        let is_consumers = matches!(group.protocol_type.as_str(), "" | "consumer");
        is_consumers && (group.group_type.is_empty() || is_among(&TYPES, &group.group_type))
    });
    Ok(groups)
}

/// The names of a list separated by commas; all of them if there is none.
fn wanted(
    list: &str,
    plural: &str,
    text: Option<&str>,
    known: &'static [&'static str],
) -> Result<Vec<&'static str>, ToolError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    let find = |name: &str| known.iter().find(|known| known.eq_ignore_ascii_case(name.trim())).copied();
    match text.split(',').map(find).collect() {
        Some(names) => Ok(names),
        None => usage(format!("Invalid {list} '{text}'. Valid {plural} are: {}", known.join(", "))),
    }
}

fn is_among(names: &[&str], name: &str) -> bool {
    names.is_empty() || names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// A name as Kafka spells it; brokers write the types in small letters.
fn spelled(known: &[&'static str], name: &str) -> &'static str {
    known.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or("Unknown")
}
