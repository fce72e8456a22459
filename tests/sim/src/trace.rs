//! What happened, line by line: as a hash, to compare two runs, and as the last lines, to read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Arguments;

/// Lines kept for a reader.
const LINES_KEPT: usize = 60;

/// The trace of one run.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    lines: u64,
    last: VecDeque<String>,
    outcomes: BTreeMap<String, u64>,
    echo: bool,
}

impl Trace {
    /// An empty trace; with `echo`, lines are printed as they come.
    pub fn new(echo: bool) -> Trace {
        Trace {
            hash: 0xcbf2_9ce4_8422_2325,
            lines: 0,
            last: VecDeque::with_capacity(LINES_KEPT),
            outcomes: BTreeMap::new(),
            echo,
        }
    }

    /// Notes an event.
    pub fn note(&mut self, line: Arguments<'_>) {
        let line = line.to_string();
        for byte in line.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.lines += 1;
        if self.echo {
            println!("{line}");
        }
        if self.last.len() == LINES_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// Notes that something a workload aims for was reached.
    pub fn outcome(&mut self, name: &str) {
        match self.outcomes.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.outcomes.insert(name.to_owned(), 1);
            }
        }
    }

    /// What was reached, and how often.
    pub fn outcomes(&self) -> &BTreeMap<String, u64> {
        &self.outcomes
    }

    /// A hash of every line so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many lines there were.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines.
    pub fn last(&self) -> impl Iterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }
}
