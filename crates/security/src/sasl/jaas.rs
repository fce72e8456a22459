//! Reads JAAS login configurations, as they stand in `sasl.jaas.config`:
//!
//! ```text
//! org.apache.kafka.common.security.plain.PlainLoginModule required
//!     username="admin" password="..." user_alice="...";
//! ```
//!
//! An error names what is wrong and never shows a value.

use std::fmt;

use crate::secret::Secret;

/// One login module and its options.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoginModule {
    /// The class.
    pub class: String,
    /// Names and values in their order.
    pub options: Vec<(String, Secret)>,
}

/// Why a text is no login configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JaasError {
    /// There is nothing in it.
    Empty,
    /// The class is not followed by `required` or another flag.
    NoFlag {
        /// The class.
        class: String,
    },
    /// An option has no value.
    NoValue {
        /// The option's name.
        option: String,
    },
    /// There is something where an option's name should be.
    NoOption {
        /// What stands before it.
        after: String,
    },
    /// A quotation mark is not closed.
    OpenQuote {
        /// What stands before it.
        after: String,
    },
    /// The last module has no semicolon.
    NoSemicolon,
}

impl fmt::Display for JaasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JaasError::Empty => f.write_str("it names no login module"),
            JaasError::NoFlag { class } => write!(f, "{class} is not followed by required"),
            JaasError::NoValue { option } => write!(f, "option {option} has no value; write {option}=\"...\""),
            JaasError::NoOption { after } => write!(f, "after {after} there is something that is no option"),
            JaasError::OpenQuote { after } => write!(f, "a quotation mark after {after} is not closed"),
            JaasError::NoSemicolon => f.write_str("it does not end with a semicolon"),
        }
    }
}

impl std::error::Error for JaasError {}

const FLAGS: &[&str] = &["required", "requisite", "sufficient", "optional"];

impl LoginModule {
    /// The class without its package.
    pub fn class_name(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }

    /// The value of an option; the last one, where it is given twice.
    pub fn option(&self, name: &str) -> Option<&Secret> {
        self.options.iter().rev().find(|(option, _)| option == name).map(|(_, value)| value)
    }
}

/// Reads all login modules of `text`; there is at least one.
///
/// # Errors
/// When it is no login configuration.
pub fn parse(text: &str) -> Result<Vec<LoginModule>, JaasError> {
    let mut reader = Reader { rest: text, after: "its beginning".to_owned() };
    let mut modules = Vec::new();
    while let Some(token) = reader.next()? {
        let Token::Word(class) = token else { return Err(JaasError::NoOption { after: reader.after }) };
        reader.after.clone_from(&class);
        match reader.next()? {
            Some(Token::Word(flag)) if FLAGS.iter().any(|known| flag.eq_ignore_ascii_case(known)) => {}
            _ => return Err(JaasError::NoFlag { class }),
        }
        modules.push(LoginModule { class, options: options(&mut reader)? });
    }
    if modules.is_empty() { Err(JaasError::Empty) } else { Ok(modules) }
}

/// The options up to the semicolon.
fn options(reader: &mut Reader<'_>) -> Result<Vec<(String, Secret)>, JaasError> {
    let mut options = Vec::new();
    loop {
        let name = match reader.next()? {
            Some(Token::Semicolon) => return Ok(options),
            Some(Token::Word(name)) => name,
            Some(_) => return Err(JaasError::NoOption { after: reader.after.clone() }),
            None => return Err(JaasError::NoSemicolon),
        };
        if reader.next()? != Some(Token::Equals) {
            return Err(JaasError::NoValue { option: name });
        }
        reader.after.clone_from(&name);
        match reader.next()? {
            Some(Token::Word(value)) => options.push((name, Secret::new(value))),
            Some(Token::Quoted(value)) => options.push((name, value)),
            _ => return Err(JaasError::NoValue { option: name }),
        }
    }
}

#[derive(PartialEq, Eq, Debug)]
enum Token {
    Word(String),
    Quoted(Secret),
    Equals,
    Semicolon,
}

struct Reader<'a> {
    rest: &'a str,
    /// The name that was read last, for errors.
    after: String,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<Token>, JaasError> {
        self.skip_blanks();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        match first {
            '=' | ';' => {
                self.rest = &self.rest[1..];
                Ok(Some(if first == '=' { Token::Equals } else { Token::Semicolon }))
            }
            '"' | '\'' => self.quoted(first).map(|value| Some(Token::Quoted(value))),
            _ => {
                let is_end = |c: char| c.is_whitespace() || matches!(c, '=' | ';' | '"' | '\'');
                let (word, rest) = self.rest.split_at(self.rest.find(is_end).unwrap_or(self.rest.len()));
                self.rest = rest;
                Ok(Some(Token::Word(word.to_owned())))
            }
        }
    }

    /// White space and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let (skipped, end) = match self.rest.get(..2) {
                Some("//") => (2, "\n"),
                Some("/*") => (2, "*/"),
                _ => return,
            };
            let comment = &self.rest[skipped..];
            self.rest = comment.find(end).map_or("", |position| &comment[position + end.len()..]);
        }
    }

    /// What stands in quotation marks, where a backslash takes the meaning of what follows, as in Java.
    fn quoted(&mut self, mark: char) -> Result<Secret, JaasError> {
        let mut value = zeroize::Zeroizing::new(String::new());
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((position, character)) = characters.next() {
            if character == mark {
                self.rest = &self.rest[position + 1..];
                return Ok(Secret::new(value.as_bytes()));
            }
            if character != '\\' {
                value.push(character);
                continue;
            }
            match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, other)) => value.push(other),
                None => break,
            }
        }
        Err(JaasError::OpenQuote { after: self.after.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &[(&str, &str)])]) {
        let modules = parse(text).unwrap();
        let found: Vec<(&str, Vec<(&str, &str)>)> = modules
            .iter()
            .map(|module| {
                let value = |value: &Secret| -> String { String::from_utf8(value.as_bytes().to_vec()).unwrap() };
                let options = module.options.iter();
                let options = options.map(|(name, secret)| (name.as_str(), &*value(secret).leak()));
                (module.class_name(), options.collect())
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(class, options)| (*class, options.to_vec())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn kafkas_own_examples_are_read() {
        check(
            "org.apache.kafka.common.security.plain.PlainLoginModule required \\\n username=\"admin\" \
             password=\"admin-secret\" user_admin=\"admin-secret\" user_a.b-c=\"x=;'\\\" y\";"
                .replace("\\\n", "\n")
                .as_str(),
            &[(
                "PlainLoginModule",
                &[
                    ("username", "admin"),
                    ("password", "admin-secret"),
                    ("user_admin", "admin-secret"),
                    ("user_a.b-c", "x=;'\" y"),
                ],
            )],
        );
        check(
            "a.ScramLoginModule required; // one\n/* two */ b.OAuthBearerLoginModule REQUIRED x = 'y' n=12;",
            &[("ScramLoginModule", &[]), ("OAuthBearerLoginModule", &[("x", "y"), ("n", "12")])],
        );
    }

    #[test]
    fn what_is_wrong_is_named_and_no_value_is_shown() {
        for (text, problem) in [
            ("", "it names no login module"),
            ("a.B", "a.B is not followed by required"),
            ("a.B username=\"hunter2\";", "a.B is not followed by required"),
            ("a.B required user_x=\"hunter2\"", "it does not end with a semicolon"),
            ("a.B required user_x=;", "option user_x has no value; write user_x=\"...\""),
            ("a.B required user_x \"hunter2\";", "option user_x has no value; write user_x=\"...\""),
            ("a.B required user_x=\"hunter2;", "a quotation mark after user_x is not closed"),
            ("a.B required user_x=\"hunter2\" \"hunter2\";", "after user_x there is something that is no option"),
            ("a.B required user_x=\"hunter2\\", "a quotation mark after user_x is not closed"),
            ("\"hunter2\"", "after its beginning there is something that is no option"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), problem, "{text}");
        }
    }
}
