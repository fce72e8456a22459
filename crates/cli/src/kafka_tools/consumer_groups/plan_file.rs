//! Offsets as CSV: what `--export` prints and `--from-file` reads.

use std::collections::BTreeMap;

use super::ToolError;

/// The new offsets of each group.
pub(super) type Plan = BTreeMap<String, BTreeMap<(String, i32), i64>>;

/// Lines of `topic,partition,offset` where there is but one group, and of `group,topic,partition,offset`.
pub(super) fn read(file: &str, only: Option<&String>) -> Result<Plan, ToolError> {
    let unreadable = |_| ToolError::failed(format!("java.io.IOException: Unable to read file {file}"));
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    parse(&text, only).map_err(|(line, form)| ToolError::failed(format!("{file}: line {line} is not {form}")))
}

fn parse(text: &str, only: Option<&String>) -> Result<Plan, (usize, &'static str)> {
    let mut plan = Plan::new();
    for (number, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        let (group, rest) = match (only, fields.as_slice()) {
            (_, [""]) => continue,
            (Some(group), rest @ [_, _, _]) => (group.as_str(), rest),
            (_, [group, rest @ ..]) => (*group, rest),
            (_, []) => continue,
        };
        let form = if only.is_some() { "topic,partition,offset" } else { "group,topic,partition,offset" };
        let [topic, partition, offset] = rest else { return Err((number + 1, form)) };
        let (Ok(partition), Ok(offset)) = (partition.parse(), offset.parse()) else { return Err((number + 1, form)) };
        plan.entry(group.to_owned()).or_default().insert(((*topic).to_owned(), partition), offset);
    }
    Ok(plan)
}

/// The same, to be read again.
pub(super) fn write(plan: &Plan, is_single: bool) -> String {
    let mut text = String::new();
    for (group, offsets) in plan {
        for ((topic, partition), offset) in offsets {
            if !is_single {
                text += &format!("{group},");
            }
            text += &format!("{topic},{partition},{offset}\n");
        }
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let group = "billing".to_owned();
        let offsets = BTreeMap::from([(("orders".to_owned(), 0), 7), (("orders".to_owned(), 1), 0)]);
        let plan = Plan::from([(group.clone(), offsets.clone())]);
        assert_eq!(write(&plan, true), "orders,0,7\norders,1,0\n\n");
        assert_eq!(parse(&write(&plan, true), Some(&group)), Ok(plan.clone()));
        assert_eq!(parse(&write(&plan, false), Some(&group)), Ok(plan.clone()));
        assert_eq!(parse(&write(&plan, false), None), Ok(plan));
    }

    #[test]
    fn a_broken_line_is_named() {
        let group = "billing".to_owned();
        assert_eq!(parse("orders,0,1\norders,x,1\n", Some(&group)), Err((2, "topic,partition,offset")));
        assert_eq!(parse("orders,0,1\n", None), Err((1, "group,topic,partition,offset")));
    }
}
