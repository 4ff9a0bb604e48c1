//! What was measured, as a table.

/// Figures, each beside its goal.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 4]>,
}

impl Report {
    /// Adds a figure, and whether it reaches its goal.
    pub fn add(
        &mut self,
        what: impl Into<String>,
        figure: impl Into<String>,
        goal: &str,
        reached: Option<bool>,
    ) {
        let sign = match reached {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "",
        };
        self.rows
            .push([what.into(), figure.into(), goal.to_owned(), sign.to_owned()]);
    }

    /// Tells all of them.
    #[expect(clippy::print_stdout, reason = "this is what it is run for")]
    pub fn print(&self) {
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let (first, second, third) = (width(0), width(1), width(2));
        for [what, figure, goal, sign] in &self.rows {
            println!(
                "{}",
                format!("{what:first$}  {figure:>second$}  {goal:third$} {sign}").trim_end()
            );
        }
    }
}

/// A size for reading.
pub fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// A size for reading.
pub fn kilobytes(bytes: usize) -> String {
    format!("{:.1} KB", bytes as f64 / 1e3)
}
