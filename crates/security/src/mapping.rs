//! From the name in a client's certificate to its user's name (`ssl.principal.mapping.rules`, KIP-371).
//!
//! Rules are separated by commas and tried in order; the first that fits the whole name decides. `DEFAULT` takes the name
//! as it is; `RULE:pattern/replacement/` may end in `L` or `U` for lower or upper case. `$1` in a replacement is a
//! group of the pattern. Patterns run in linear time: those with backreferences or lookaround are refused.

use regex::{Captures, Regex, RegexBuilder};
use thiserror::Error;

/// Compiled size of one pattern, at most (bytes).
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// Why rules are refused.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum MappingError {
    /// A rule of another form.
    #[error("'{rule}' is neither DEFAULT nor RULE:pattern/replacement/ with L, U or nothing at its end")]
    NotARule {
        /// From its beginning.
        rule: String,
    },
    /// A pattern that is no regular expression, or one that cannot run in linear time.
    #[error("the pattern {pattern} is no regular expression that can run in linear time: {problem}")]
    Pattern {
        /// As written.
        pattern: String,
        /// The last line of what is wrong with it.
        problem: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Case {
    Kept,
    Lower,
    Upper,
}

#[derive(Clone, Debug)]
enum Rule {
    Default,
    Replace { pattern: Regex, replacement: String, case: Case },
}

/// Rules in their order.
#[derive(Clone, Debug)]
pub struct PrincipalMapping {
    text: String,
    rules: Vec<Rule>,
}

impl PartialEq for PrincipalMapping {
    fn eq(&self, other: &PrincipalMapping) -> bool {
        self.text == other.text
    }
}

impl PrincipalMapping {
    /// Reads the rules; an empty text is `DEFAULT`.
    ///
    /// # Errors
    /// When a rule has another form, or its pattern cannot be used.
    pub fn parse(text: &str) -> Result<PrincipalMapping, MappingError> {
        let mut rules = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let not_a_rule = || MappingError::NotARule { rule: rest.to_owned() };
            let after = if let Some(after) = rest.strip_prefix("DEFAULT") {
                rules.push(Rule::Default);
                after
            } else {
                let after = rest.strip_prefix("RULE:").ok_or_else(not_a_rule)?;
                let (pattern, after) = until_slash(after).ok_or_else(not_a_rule)?;
                let (replacement, after) = until_slash(after).ok_or_else(not_a_rule)?;
                let (case, after) = match after.strip_prefix('L') {
                    Some(after) => (Case::Lower, after),
                    None => after.strip_prefix('U').map_or((Case::Kept, after), |after| (Case::Upper, after)),
                };
                rules.push(Rule::Replace { pattern: compile(pattern)?, replacement: replacement.to_owned(), case });
                after
            };
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if after.is_empty() => after,
                None => return Err(not_a_rule()),
            };
        }
        if rules.is_empty() {
            rules.push(Rule::Default);
        }
        Ok(PrincipalMapping { text: text.to_owned(), rules })
    }

    /// The user's name for a name of RFC 2253's form; none if no rule fits it.
    pub fn apply(&self, distinguished_name: &str) -> Option<String> {
        self.rules.iter().find_map(|rule| match rule {
            Rule::Default => Some(distinguished_name.to_owned()),
            Rule::Replace { pattern, replacement, case } => {
                let captures = pattern.captures(distinguished_name)?;
                let name = expand(replacement, &captures);
                Some(match case {
                    Case::Kept => name,
                    Case::Lower => name.to_lowercase(),
                    Case::Upper => name.to_uppercase(),
                })
            }
        })
    }
}

/// What precedes the next slash that no backslash escapes, and what follows it.
fn until_slash(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (position, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' => return Some((&text[..position], &text[position + 1..])),
            _ => {}
        }
    }
    None
}

fn compile(pattern: &str) -> Result<Regex, MappingError> {
    // A rule has to fit the whole name.
    let whole = format!("^(?:{pattern})$");
    RegexBuilder::new(&whole).size_limit(PATTERN_BYTES_MAX).build().map_err(|error| {
        let text = error.to_string();
        let problem = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        MappingError::Pattern { pattern: pattern.to_owned(), problem }
    })
}

/// `$` and a number is a group while the pattern has that many; a backslash takes the next character as it is.
fn expand(replacement: &str, captures: &Captures<'_>) -> String {
    let mut name = String::new();
    let mut rest = replacement.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => name.extend(rest.next()),
            '$' => {
                let mut group = None;
                while let Some(digit) = rest.peek().and_then(|character| character.to_digit(10)) {
                    let longer = group.unwrap_or(0) * 10 + digit as usize;
                    if longer >= captures.len() {
                        break;
                    }
                    group = Some(longer);
                    rest.next();
                }
                match group {
                    Some(group) => name.push_str(captures.get(group).map_or("", |found| found.as_str())),
                    None => name.push('$'),
                }
            }
            character => name.push(character),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rules: &str, name: &str, expected: Option<&str>) {
        let mapping = PrincipalMapping::parse(rules).unwrap();
        assert_eq!(mapping.apply(name).as_deref(), expected, "{rules} on {name}");
    }

    #[test]
    fn kafkas_own_examples_map_as_documented() {
        let rules = "RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/, RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L, \
                     RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/L, DEFAULT";
        check(rules, "CN=kafka-user,OU=ServiceUsers,O=Unknown,L=Unknown,ST=Unknown,C=Unknown", Some("kafka-user"));
        check(rules, "CN=adminUser,OU=Admin,O=Unknown,L=Unknown,ST=Unknown,C=Unknown", Some("adminuser@admin"));
        check(rules, "O=x,cn=Some.Body,C=y", Some("some.body"));
        check(rules, "O=nobody", Some("O=nobody"));
    }

    #[test]
    fn the_first_rule_that_fits_the_whole_name_decides() {
        check("RULE:CN=a/first/,RULE:^CN=(.*)$/$1/U", "CN=a", Some("first"));
        check("RULE:CN=a/first/,RULE:^CN=(.*)$/$1/U", "CN=ab", Some("AB"));
        check("RULE:CN=a/first/", "CN=ab", None);
        check("", "CN=a", Some("CN=a"));
        check("DEFAULT", "CN=ä\\,b+OU=c", Some("CN=ä\\,b+OU=c"));
    }

    #[test]
    fn escaped_commas_and_slashes_belong_to_the_rule() {
        check(r"RULE:^CN=(.*?)\\, Inc,.*$/$1/", r"CN=Acme\, Inc,O=x", Some("Acme"));
        check(r"RULE:^CN=(a\/b),O=(x{1,3})$/$2\/$1/", "CN=a/b,O=xx", Some("xx/a/b"));
        check(r"RULE:CN=(.*)/\$1 costs $2 $/", "CN=a", Some("$1 costs $2 $"));
        check("RULE:(a)b/$12/", "ab", Some("a2"));
        check("RULE:^CN=(.*)$/$1/L", "CN=ÄRGER", Some("ärger"));
        check("RULE:^CN=(.*?),.*$/user-$1/", "CN=,O=x", Some("user-"));
    }

    #[test]
    fn other_texts_are_refused() {
        for rules in ["default", "RULE:a/b", "RULE:a/b/X", "RULE:a/b/LU", "DEFAULT RULE:a/b/", "DEFAULTS", "a"] {
            assert!(matches!(PrincipalMapping::parse(rules), Err(MappingError::NotARule { .. })), "{rules}");
        }
        for rules in ["RULE:(?=a)/b/", r"RULE:(a)\1/b/", "RULE:(a/b/"] {
            assert!(matches!(PrincipalMapping::parse(rules), Err(MappingError::Pattern { .. })), "{rules}");
        }
    }
}
