//! Names of topics as Kafka's tools take them: a regular expression, or several between commas.

use regex::Regex;
use stream_client::Topic;

use super::error::ToolError;

/// Which topics are meant.
#[derive(Clone, Debug)]
pub(super) struct TopicFilter {
    whole: Regex,
}

impl TopicFilter {
    /// Kafka's reading: a comma is "or", quotes around the whole are dropped, and a name must match from end to end.
    pub(super) fn new(text: &str) -> Result<TopicFilter, ToolError> {
        let text = text.trim().replace(',', "|").replace(' ', "");
        let text = text.trim_matches(|quote| quote == '"' || quote == '\'');
        let whole = Regex::new(&format!("^(?:{text})$"))
            .map_err(|_| ToolError::usage(format!("{text} is an invalid regex.")))?;
        Ok(TopicFilter { whole })
    }

    /// Whether a topic of this name is meant.
    pub(super) fn is_match(&self, name: &str) -> bool {
        self.whole.is_match(name)
    }

    /// Those of the topics that are meant; all of them without a filter.
    pub(super) fn apply(filter: Option<&TopicFilter>, topics: &mut Vec<Topic>, exclude_internal: bool) {
        topics.retain(|topic| {
            !(exclude_internal && topic.is_internal) && filter.is_none_or(|filter| filter.is_match(&topic.name))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_from_end_to_end() {
        let is_match = |text: &str, name: &str| TopicFilter::new(text).expect("valid").is_match(name);
        for (text, name) in [("orders", "orders"), ("a,b", "b"), ("or.*", "orders"), ("\"a|b\"", "a"), ("a, b", "b")] {
            assert!(is_match(text, name), "{text} means {name}");
        }
        for (text, name) in [("orders", "orders2"), ("a|b", "ab"), ("rders", "orders")] {
            assert!(!is_match(text, name), "{text} does not mean {name}");
        }
        assert!(TopicFilter::new("*").is_err());
    }
}
