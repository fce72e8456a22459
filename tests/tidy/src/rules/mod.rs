//! One file a rule.

pub mod dependencies;
pub mod documentation;
pub mod handlers;
pub mod machine_paths;
pub mod names;
pub mod purity;
pub mod size;
pub mod todo;
pub mod traps;
pub mod unwrap;
