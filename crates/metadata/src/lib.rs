//! The metadata image, its replay, the controller, and the table of configuration keys.
