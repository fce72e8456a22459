//! Deterministic simulation of the machines under virtual time.
