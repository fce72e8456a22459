//! Kafka's range assignor: of each topic every member gets a run of partitions, the first members one more.

use std::collections::BTreeMap;

/// Partitions by topic.
pub(super) type Partitions = BTreeMap<String, Vec<i32>>;

/// A member and what it subscribes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) instance_id: Option<String>,
    pub(super) topics: Vec<String>,
}

/// What each member gets, by member id; `counts` are the partitions of each topic that exists.
pub(super) fn range(members: &[Member], counts: &BTreeMap<String, i32>) -> BTreeMap<String, Partitions> {
    let mut assigned: BTreeMap<String, Partitions> =
        members.iter().map(|member| (member.id.clone(), Partitions::new())).collect();
    let mut in_order: Vec<&Member> = members.iter().collect();
    // Static members come first, by the name that outlives a restart; then the others.
    in_order.sort_by_key(|member| (member.instance_id.is_none(), member.instance_id.clone(), member.id.clone()));
    for (topic, count) in counts {
        let subscribed: Vec<&&Member> = in_order.iter().filter(|member| member.topics.contains(topic)).collect();
        let Ok(members) = i32::try_from(subscribed.len()) else { continue };
        if members == 0 {
            continue;
        }
        let (each, extra) = (count / members, count % members);
        let mut next = 0;
        for (place, member) in (0i32..).zip(&subscribed) {
            let length = each + i32::from(place < extra);
            if length > 0
                && let Some(partitions) = assigned.get_mut(&member.id)
            {
                partitions.insert(topic.clone(), (next..next + length).collect());
            }
            next += length;
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected<'a> = &'a [(&'a str, &'a [(&'a str, &'a [i32])])];

    fn check(members: &[(&str, &[&str])], counts: &[(&str, i32)], expected: Expected<'_>) {
        let members: Vec<Member> = members
            .iter()
            .map(|(id, topics)| Member {
                id: (*id).to_owned(),
                instance_id: None,
                topics: topics.iter().map(|&topic| topic.to_owned()).collect(),
            })
            .collect();
        let counts = counts.iter().map(|(topic, count)| ((*topic).to_owned(), *count)).collect();
        let expected: BTreeMap<String, Partitions> = expected
            .iter()
            .map(|(id, topics)| {
                let topics = topics.iter().map(|(topic, list)| ((*topic).to_owned(), list.to_vec())).collect();
                ((*id).to_owned(), topics)
            })
            .collect();
        assert_eq!(range(&members, &counts), expected);
    }

    /// The example of Kafka's RangeAssignor: two members, two topics of three partitions.
    #[test]
    fn first_members_get_the_rest() {
        check(
            &[("C1", &["t0", "t1"]), ("C0", &["t0", "t1"])],
            &[("t0", 3), ("t1", 3)],
            &[("C0", &[("t0", &[0, 1]), ("t1", &[0, 1])]), ("C1", &[("t0", &[2]), ("t1", &[2])])],
        );
    }

    #[test]
    fn members_get_only_what_they_subscribe_to() {
        check(
            &[("a", &["x"]), ("b", &["x", "y"]), ("c", &["gone"])],
            &[("x", 1), ("y", 2)],
            &[("a", &[("x", &[0])]), ("b", &[("y", &[0, 1])]), ("c", &[])],
        );
    }
}
