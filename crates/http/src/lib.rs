//! Metrics, health, and later the admin API and console.
