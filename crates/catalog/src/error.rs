//! Why a catalog is refused.

use crate::yaml::Position;

/// What is wrong with the file, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct CatalogError {
    /// Where in the file.
    pub at: Position,
    /// One sentence, without a final dot.
    pub problem: String,
}

impl CatalogError {
    pub(crate) fn new(at: Position, problem: impl Into<String>) -> CatalogError {
        CatalogError { at, problem: problem.into() }
    }
}
