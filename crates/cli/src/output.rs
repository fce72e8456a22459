//! Tables for people, JSON for scripts.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{CellAlignment, Table};
use serde_json::Value;

use crate::error::{CliError, Tried};

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// A table
    Table,
    /// JSON
    Json,
}

/// Rows under a heading each; columns of numbers are aligned to the right.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// A table without rows.
    pub(crate) fn new(headings: &[&'static str]) -> Rows {
        Rows { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row: a cell for each heading.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        assert_eq!(row.len(), self.headings.len(), "a cell for each heading");
        self.rows.push(row);
    }

    /// The table as text, a line for each row.
    pub(crate) fn render(&self) -> String {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(self.headings.clone());
        table.add_rows(self.rows.clone());
        for (index, column) in table.column_iter_mut().enumerate() {
            let padding = if index == 0 { (0, 1) } else { (1, 1) };
            column.set_padding(padding);
            let mut cells = self.rows.iter().filter_map(|row| row.get(index));
            if !self.rows.is_empty() && cells.all(|cell| is_number(cell)) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }

    /// Prints the table.
    pub(crate) fn print(&self) -> Result<(), CliError> {
        print(&self.render())
    }
}

fn is_number(cell: &str) -> bool {
    let digits = cell.trim_start_matches('-');
    cell == "-" || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// Prints JSON over several lines.
pub(crate) fn print_json(value: &Value) -> Result<(), CliError> {
    print(&format!("{value:#}\n"))
}

/// Prints text as it is.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).tried(|| "writing to standard output".to_owned())
}

/// A cell for what may be missing.
pub(crate) fn cell(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Numbers separated by commas.
pub(crate) fn list(numbers: &[i32]) -> String {
    let texts: Vec<String> = numbers.iter().map(i32::to_string).collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(",") }
}

/// A size as people read it.
pub(crate) fn bytes(size: i64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    if size < 0 {
        return "-".to_owned();
    }
    let mut value = size as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{size} {name}") } else { format!("{value:.1} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_numbers_to_the_right() {
        let mut rows = Rows::new(&["NAME", "LAG", "HOST"]);
        rows.push(vec!["a".into(), "5".into(), "x".into()]);
        rows.push(vec!["long-name".into(), "1234".into(), "-".into()]);
        assert_eq!(rows.render(), "NAME        LAG  HOST\na             5  x\nlong-name  1234  -\n");
    }

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
        assert_eq!(bytes(-1), "-");
    }

    #[test]
    fn lists_are_short() {
        assert_eq!(list(&[1, 2, 3]), "1,2,3");
        assert_eq!(list(&[]), "-");
        assert_eq!(cell(None::<i32>), "-");
    }
}
