//! `--describe --members`.

use std::collections::BTreeMap;

use stream_client::{DescribedGroup, GroupMember};

use super::{ToolError, or_dash, tell_state, width};
use crate::output::print;

pub(super) fn run(groups: &[DescribedGroup], verbose: bool) -> Result<(), ToolError> {
    for group in groups {
        // Kafka's tool prints the headings of a group without members too.
        tell_state(group, group.members.len())?;
        print(&table(group, verbose))?;
    }
    Ok(())
}

fn table(group: &DescribedGroup, verbose: bool) -> String {
    let members = &group.members;
    let has_instances = members.iter().any(|member| member.instance_id.is_some());
    let is_migrating = members.iter().any(|member| member.upgraded == Some(false))
        && members.iter().any(|member| member.upgraded == Some(true));
    let group_width = match members.is_empty() {
        true => 15,
        false => width(15, std::iter::once(group.group_id.as_str())),
    };
    let id_width = width(15, members.iter().map(|member| member.member_id.as_str()));
    let instance_width = width(17, members.iter().filter_map(|member| member.instance_id.as_deref()));
    let host_width = width(15, members.iter().map(|member| member.host.as_str()));
    let client_width = width(15, members.iter().map(|member| member.client_id.as_str()));
    let current: Vec<String> = members.iter().map(|member| partitions(&member.assignment)).collect();
    let target: Vec<String> = members.iter().map(|member| partitions(&member.target_assignment)).collect();
    let current_width = width(20, current.iter().map(String::as_str));
    let target_width = width(20, target.iter().map(String::as_str));

    let who = |group: &str, member: &str, instance: &str, host: &str, client: &str, count: &str| {
        let instance = if has_instances { format!(" {instance:<instance_width$}") } else { String::new() };
        format!(
            "{group:<group_width$} {member:<id_width$}{instance} {host:<host_width$} {client:<client_width$} {count:<15} "
        )
    };
    let what = |epoch: &str, current: &str, target_epoch: &str, target: &str, upgraded: &str| match verbose {
        false => String::new(),
        true => {
            let upgraded = if is_migrating { format!(" {upgraded}") } else { String::new() };
            format!("{epoch:<15} {current:<current_width$} {target_epoch:<15} {target:<target_width$}{upgraded}")
        }
    };
    let mut text = String::from("\n");
    text += &who("GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS");
    text += &what("CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED");
    text.push('\n');
    for (member, (current, target)) in members.iter().zip(current.iter().zip(&target)) {
        let GroupMember { member_id, instance_id, host, client_id, assignment, .. } = member;
        let instance = instance_id.as_deref().unwrap_or_default();
        text += &who(&group.group_id, member_id, instance, host, client_id, &assignment.len().to_string());
        let upgraded = or_dash(member.upgraded);
        text += &what(&or_dash(member.epoch), current, &or_dash(group.assignment_epoch), target, &upgraded);
        text.push('\n');
    }
    text
}

/// `orders:0,1;payments:2`.
fn partitions(assignment: &[(String, i32)]) -> String {
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in assignment {
        by_topic.entry(topic).or_default().push(*partition);
    }
    let topics: Vec<String> = by_topic
        .into_iter()
        .map(|(topic, mut partitions)| {
            partitions.sort_unstable();
            let numbers: Vec<String> = partitions.iter().map(i32::to_string).collect();
            format!("{topic}:{}", numbers.join(","))
        })
        .collect();
    if topics.is_empty() { "-".to_owned() } else { topics.join(";") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_short() {
        let assigned = [("b".to_owned(), 1), ("a".to_owned(), 2), ("a".to_owned(), 0)];
        assert_eq!(partitions(&assigned), "a:0,2;b:1");
        assert_eq!(partitions(&[]), "-");
    }

    #[test]
    fn static_members_get_a_column() {
        let member = GroupMember { member_id: "m".into(), instance_id: Some("i-1".into()), ..GroupMember::default() };
        let mut group = DescribedGroup { group_id: "g".into(), members: vec![member], ..DescribedGroup::default() };
        assert!(table(&group, false).contains("GROUP-INSTANCE-ID"));
        group.members[0].instance_id = None;
        assert!(!table(&group, false).contains("GROUP-INSTANCE-ID"));
    }
}
