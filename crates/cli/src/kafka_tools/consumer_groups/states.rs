//! `--describe --state`.

use stream_client::{Client, DescribedGroup};

use super::{ToolError, or_dash, tell_state};
use crate::output::print;

pub(super) fn run(client: &Client, groups: &[DescribedGroup], verbose: bool) -> Result<(), ToolError> {
    let brokers = client.brokers();
    for group in groups {
        if !tell_state(group, 1)? {
            continue;
        }
        let address = brokers.iter().find(|broker| broker.id == group.coordinator).map(|broker| broker.address());
        let coordinator = format!("{}  ({})", or_dash(address), group.coordinator);
        let group_width = group.group_id.chars().count().max(15);
        let coordinator_width = coordinator.chars().count().max(25);
        let line = |id: &str, coordinator: &str, assignor: &str, state: &str, epochs: [&str; 2], members: &str| {
            let [group_epoch, target] = epochs;
            let epochs = if verbose { format!(" {group_epoch:<15} {target:<25}") } else { String::new() };
            format!(
                "\n{id:<group_width$} {coordinator:<coordinator_width$} {assignor:<20} {state:<20}{epochs} {members}"
            )
        };
        let assignor = Some(group.assignor.as_str()).filter(|name| !name.is_empty()).unwrap_or("-");
        let headings = ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"];
        let mut text = line("GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", headings, "#MEMBERS");
        let epochs = [&*or_dash(group.group_epoch), &or_dash(group.assignment_epoch)];
        let count = group.members.len().to_string();
        text += &line(&group.group_id, &coordinator, assignor, &group.state, epochs, &count);
        print(&(text + "\n"))?;
    }
    Ok(())
}
