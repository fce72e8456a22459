//! Where a password comes from: never from the arguments, which every process of the machine can see.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use stream_security::Secret;

use crate::error::{CliError, Tried};

const TERMINAL: &str = "/dev/tty";

pub(super) fn from_environment(variable: &str) -> Result<Secret, CliError> {
    let value = std::env::var(variable)
        .map_err(|_| CliError::usage(format!("--password-env: the environment has no {variable}")))?;
    checked(value)
}

/// The first line of a file; `-` is standard input.
pub(super) fn from_file(path: &Path) -> Result<Secret, CliError> {
    let line = if path == Path::new("-") {
        first_line(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|file| first_line(&mut BufReader::new(file)))
    };
    let line = line.map_err(|error| CliError::usage(format!("--password-file {}: {error}", path.display())))?;
    checked(line)
}

/// Asks at the terminal, twice, without showing what is typed.
pub(super) fn ask(user: &str) -> Result<Secret, CliError> {
    let terminal = File::options().read(true).write(true).open(TERMINAL).map_err(|_| {
        CliError::usage("there is no terminal to ask for the password: give --password-env or --password-file")
    })?;
    let first = read_hidden(&terminal, &format!("Password for {user}: ")).tried(reading)?;
    let second = read_hidden(&terminal, "The same again: ").tried(reading)?;
    let (first, second) = (checked(first)?, checked(second)?);
    if first != second {
        return Err(CliError::usage("the two passwords differ; nothing was changed"));
    }
    Ok(first)
}

fn reading() -> String {
    "reading the password".to_owned()
}

fn checked(text: String) -> Result<Secret, CliError> {
    if text.is_empty() { Err(CliError::usage("the password is empty")) } else { Ok(Secret::new(text)) }
}

fn first_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

fn read_hidden(mut terminal: &File, prompt: &str) -> io::Result<String> {
    terminal.write_all(prompt.as_bytes())?;
    let hidden = Hidden::begin(terminal)?;
    let line = first_line(&mut BufReader::new(terminal));
    drop(hidden);
    terminal.write_all(b"\n")?;
    line
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Hidden<'_> {
    fn begin(terminal: &File) -> io::Result<Hidden<'_>> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Hidden { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no repair.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line() {
        for (text, expected) in [("pw\n", "pw"), ("pw", "pw"), (" p w \r\nmore", " p w "), ("", "")] {
            assert_eq!(first_line(&mut text.as_bytes()).expect("reads"), expected);
        }
        assert!(checked(String::new()).is_err());
    }
}
