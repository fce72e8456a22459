//! Group and transaction coordinators.
