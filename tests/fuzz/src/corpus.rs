//! The inputs in the repository: `corpus/TARGET/NAME`. What once broke something is kept there under what it broke.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where the inputs of a target are.
pub fn directory(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// Every input of a target, in the order of their names.
///
/// # Errors
/// The directory cannot be read.
pub fn read(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(directory(target))? {
        let entry = entry?;
        inputs.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
    }
    inputs.sort();
    Ok(inputs)
}

/// Keeps an input; returns where.
///
/// # Errors
/// It cannot be written.
pub fn keep(target: &str, name: &str, input: &[u8]) -> io::Result<PathBuf> {
    let path = directory(target).join(name);
    fs::create_dir_all(directory(target))?;
    fs::write(&path, input)?;
    Ok(path)
}
