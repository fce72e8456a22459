//! How topics and groups may be called.

use regex::{Regex, RegexBuilder};

use crate::error::CatalogError;
use crate::fields::Fields;
use crate::yaml::Node;

/// Most memory that a pattern of names may take (bytes).
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Longest group id that requests carry (bytes).
const GROUP_NAME_BYTES_MAX: usize = i16::MAX as usize;

/// The `naming` part.
#[derive(Clone, Debug, Default)]
pub struct NamingPolicy {
    /// How topics are called; none is as Kafka allows.
    pub topics: Option<TopicStyle>,
    /// What no topic's name begins with, such as an environment.
    pub forbidden_prefixes: Vec<String>,
    /// How groups are called; none is as Kafka allows.
    pub groups: Option<GroupStyle>,
}

/// A style of topics' names.
#[derive(Clone, Debug)]
pub enum TopicStyle {
    /// `llm_usage`
    SnakeCase,
    /// `events.llm.responses`
    Dotted,
    /// Whole names that match.
    Pattern(Regex),
}

/// A style of groups' names.
#[derive(Clone, Debug)]
pub enum GroupStyle {
    /// `billing-agg`
    KebabCase,
    /// Whole names that match.
    Pattern(Regex),
}

impl NamingPolicy {
    pub(crate) fn parse(node: &Node) -> Result<NamingPolicy, CatalogError> {
        let fields = Fields::of(node, "naming", &["topics", "forbidden_prefixes", "groups"])?;
        let pattern = |key: &str, text: &str| {
            // The parentheses keep an alternative from escaping the anchors.
            RegexBuilder::new(&format!("^(?:{text})$")).size_limit(PATTERN_BYTES_MAX).build().map_err(|_| {
                let at = fields.node(key).map_or(fields.at, |node| node.at);
                CatalogError::new(at, format!("{key} is neither a style nor a regular expression"))
            })
        };
        let topics = match fields.text("topics")? {
            None => None,
            Some("snake_case") => Some(TopicStyle::SnakeCase),
            Some("dotted") => Some(TopicStyle::Dotted),
            Some(text) => Some(TopicStyle::Pattern(pattern("topics", text)?)),
        };
        let groups = match fields.text("groups")? {
            None => None,
            Some("kebab-case") => Some(GroupStyle::KebabCase),
            Some(text) => Some(GroupStyle::Pattern(pattern("groups", text)?)),
        };
        let mut forbidden_prefixes = Vec::new();
        for (at, prefix) in fields.texts("forbidden_prefixes")? {
            if prefix.is_empty() {
                return Err(CatalogError::new(at, "an empty prefix would forbid every name"));
            }
            forbidden_prefixes.push(prefix.to_owned());
        }
        Ok(NamingPolicy { topics, forbidden_prefixes, groups })
    }

    /// Whether a topic may have this name; the error is one sentence.
    pub fn check_topic(&self, name: &str) -> Result<(), String> {
        stream_metadata::controller::check_topic_name(name).map_err(|error| error.message)?;
        if let Some(prefix) = self.forbidden_prefixes.iter().find(|prefix| name.starts_with(*prefix)) {
            return Err(format!("topic {name:?} begins with the forbidden prefix {prefix:?}"));
        }
        let (fits, style) = match &self.topics {
            None => return Ok(()),
            Some(TopicStyle::SnakeCase) => (words(name, '_'), "snake_case"),
            Some(TopicStyle::Dotted) => (name.split('.').all(|part| words(part, '_')), "dotted"),
            Some(TopicStyle::Pattern(pattern)) => (pattern.is_match(name), pattern.as_str()),
        };
        if fits { Ok(()) } else { Err(format!("topic {name:?} is not named as naming.topics asks ({style})")) }
    }

    /// Whether a group may have this name; the error is one sentence.
    pub fn check_group(&self, name: &str) -> Result<(), String> {
        if name.is_empty() || name == "*" || name.len() > GROUP_NAME_BYTES_MAX || name.chars().any(char::is_control) {
            return Err(format!("{name:?} is no name of one group"));
        }
        let (fits, style) = match &self.groups {
            None => return Ok(()),
            Some(GroupStyle::KebabCase) => (words(name, '-'), "kebab-case"),
            Some(GroupStyle::Pattern(pattern)) => (pattern.is_match(name), pattern.as_str()),
        };
        if fits { Ok(()) } else { Err(format!("group {name:?} is not named as naming.groups asks ({style})")) }
    }
}

/// Small letters and digits in words between `separator`, the first of which begins with a letter.
fn words(name: &str, separator: char) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .split(separator)
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn check(naming: &str, topics: &[(&str, bool)], groups: &[(&str, bool)]) {
        let policy = NamingPolicy::parse(&parse(naming).unwrap()).unwrap();
        for (name, fits) in topics {
            assert_eq!(policy.check_topic(name).is_ok(), *fits, "{naming}: topic {name}");
        }
        for (name, fits) in groups {
            assert_eq!(policy.check_group(name).is_ok(), *fits, "{naming}: group {name}");
        }
    }

    #[test]
    fn names_follow_the_style() {
        check(
            "{topics: snake_case, forbidden_prefixes: [prod_, stg_], groups: kebab-case}",
            &[("llm_usage", true), ("a1", true), ("prod_a", false), ("LLM", false), ("a__b", false), ("a-b", false)],
            &[("billing-agg", true), ("billing_agg", false), ("-a", false), ("Billing", false)],
        );
        check("{topics: dotted}", &[("a.b_c.d", true), ("a..b", false), ("A.b", false)], &[("Anything At All", true)]);
        check("{topics: 'a|b.*'}", &[("a", true), ("bcd", true), ("ab", false), ("xb", false)], &[]);
        check("{}", &[("Any-Name", true), ("a b", false), ("*", false), ("", false)], &[("*", false), ("", false)]);
    }

    #[test]
    fn what_is_no_style_and_no_pattern_is_refused() {
        for naming in ["{topics: '['}", "{groups: '(a{1000}){1000}{1000}'}", "{forbidden_prefixes: ['']}"] {
            assert!(NamingPolicy::parse(&parse(naming).unwrap()).is_err(), "{naming}");
        }
    }
}
