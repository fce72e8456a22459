//! `hanzo-stream adopt`: the data directory of a stopped Apache Kafka node becomes ours.
//!
//! ```text
//! __cluster_metadata-0/hanzo-metadata.adopting/   written, synced, read back
//!   -> hanzo-metadata/                            one rename: from here on the directory is ours
//! __cluster_metadata-0/ -> __cluster_metadata-0.adopted/    last
//! ```
//! - Before the first rename the directory is Kafka's and Kafka starts on it; what is left of a broken attempt lies where
//!   Kafka does not look, and the next attempt removes it. After it, Kafka refuses the directory, and whichever of
//!   `adopt` and `server` comes next does the second rename.
//! - Partitions are left as they are: our files are Kafka's.

mod at_start;
mod carry_out;
mod error;
mod kafka_files;
mod report;
mod state_topics;
mod survey;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use stream_log::disk::Disk;
use stream_log::disk::file::FileDisk;

pub(crate) use at_start::adopt_at_start;
use carry_out::finish;
pub(crate) use error::AdoptError;
pub use report::ReportFormat;
use survey::Survey;

use crate::clock;

/// Kafka's metadata log.
const KAFKA_METADATA_DIR: &str = "__cluster_metadata-0";
/// Its name once it is of no more use.
const ADOPTED_DIR: &str = "__cluster_metadata-0.adopted";
/// Ours while it is being written, inside Kafka's.
const ADOPTING_DIR: &str = "hanzo-metadata.adopting";
/// Ours.
const METADATA_DIR: &str = "hanzo-metadata";

const EXIT_REFUSED: u8 = 2;
const EXIT_STORAGE: u8 = 4;

/// What `adopt` was asked for.
#[derive(Debug, Clone)]
pub struct AdoptArguments {
    /// Every log directory of the node.
    pub dirs: Vec<PathBuf>,
    /// Only say what would be done.
    pub dry_run: bool,
    /// How to say it.
    pub format: ReportFormat,
}

/// Looks at the directory, says what is there, and adopts it unless that was not asked for or cannot be.
pub fn run(arguments: &AdoptArguments) -> ExitCode {
    match adopt(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hanzo-stream: {error}");
            ExitCode::from(if error.is_storage() { EXIT_STORAGE } else { EXIT_REFUSED })
        }
    }
}

fn adopt(arguments: &AdoptArguments) -> Result<(), AdoptError> {
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    if let Some(dir) = survey::adopted_before(&*disk, &arguments.dirs)? {
        return already_adopted(&*disk, arguments, dir);
    }
    let survey = Survey::of(&*disk, &arguments.dirs)?;
    let refused = survey.adoption.refused.first().cloned();
    let adopts = refused.is_none() && !arguments.dry_run;
    report::print(&survey, arguments.format, adopts).map_err(AdoptError::Output)?;
    if let Some(reason) = refused {
        return Err(AdoptError::Refused { dir: survey.metadata_dir().to_owned(), reason });
    }
    if adopts {
        carry_out::carry_out(&disk, &survey, clock::random_u64())?;
        report::print_done(&survey, arguments.format).map_err(AdoptError::Output)?;
    }
    Ok(())
}

/// A second time is a success that changes nothing, but for the last step if a crash came before it.
fn already_adopted(disk: &dyn Disk, arguments: &AdoptArguments, dir: PathBuf) -> Result<(), AdoptError> {
    if !arguments.dry_run {
        let _lock = survey::lock(disk, &dir)?;
        finish(disk, &dir)?;
    }
    report::print_adopted_before(&dir, arguments.format).map_err(AdoptError::Output)
}
