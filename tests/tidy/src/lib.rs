//! Repository rules that a compiler cannot check.
