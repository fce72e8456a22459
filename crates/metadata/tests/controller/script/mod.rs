//! Runs a script of commands and writes down what comes.

mod parse;
mod show;

use std::collections::BTreeMap;
use std::sync::Arc;

use stream_metadata::config_def::{StaticConfig, describe_topic};
use stream_metadata::{Command, Controller, MetadataImage, decode_entry, encode_entry};
use stream_types::{NodeId, Now};

pub(crate) const CLUSTER: &str = "cluster-of-the-script";

/// A small generator with a seed.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl stream_metadata::RandomSource for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next() as u8;
        }
    }
}

/// A controller with the image of live execution and the one of replay.
pub(crate) struct Cluster {
    pub(crate) image: MetadataImage,
    replayed: MetadataImage,
    config: BTreeMap<String, String>,
    pub(crate) random: Seeded,
}

impl Cluster {
    pub(crate) fn new(seed: u64) -> Self {
        let image = MetadataImage::empty(CLUSTER);
        Cluster { replayed: image.clone(), image, config: BTreeMap::new(), random: Seeded(seed) }
    }

    pub(crate) fn config(&self) -> StaticConfig {
        StaticConfig::new(NodeId(1), self.config.clone())
    }

    /// Decides and replays.
    pub(crate) fn run(&mut self, command: &Command) -> stream_metadata::Decision {
        let controller = Controller::new(Arc::new(self.image.clone()), Arc::new(self.config()));
        let decision = controller.handle(Now::default(), &mut self.random, command);
        self.image.replay_all(&decision.records).expect("the controller's own records replay");
        let entry = encode_entry(&decision.records).expect("the controller's own records can be written");
        assert_eq!(decode_entry(entry.clone()).expect("what was written can be read"), decision.records);
        self.replayed.replay_entry(entry).expect("what was written replays");
        assert_eq!(self.image.check(), Ok(()), "after {command:?}");
        decision
    }

    /// The image of live execution, of replay, and of its own snapshot are the same.
    pub(crate) fn check_rebuilt(&self) {
        assert_eq!(self.image, self.replayed);
        let mut rebuilt = MetadataImage::empty(CLUSTER);
        rebuilt.replay_all(&self.image.to_records()).expect("a snapshot replays");
        assert_eq!(self.image, rebuilt);
    }
}

/// The script again, with what came of each command.
pub(crate) fn run(script: &str) -> String {
    let mut cluster = Cluster::new(1);
    let mut out = String::new();
    for line in script.lines() {
        let Some(text) = line.strip_prefix("> ") else {
            if line.is_empty() || line.starts_with('#') {
                out.push_str(line);
                out.push('\n');
            }
            continue;
        };
        out.push_str(line);
        out.push('\n');
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["config", key, value] => {
                cluster.config.insert((*key).to_owned(), (*value).to_owned());
            }
            ["describe", topic, keys @ ..] => {
                for entry in describe_topic(&cluster.image, &cluster.config(), topic) {
                    if keys.contains(&entry.name.as_str()) {
                        out.push_str(&show::entry(&entry));
                    }
                }
            }
            _ => {
                let command = parse::command(&words, &cluster.image);
                let before = cluster.image.clone();
                let decision = cluster.run(&command);
                cluster.check_rebuilt();
                for record in &decision.records {
                    out.push_str(&show::record(record, &before, &cluster.image));
                }
                out.push_str(&show::reply(&decision.reply));
            }
        }
    }
    out
}
