//! `undertone formats`: which formats of transcripts are read, and what each field is taken from.

use crate::exit::{ExitCode, Failure};
use crate::input::{Description, descriptions};

/// Prints every format with its fields.
///
/// # Errors
/// [`Failure`] when stdout takes no more.
pub fn run() -> Result<ExitCode, Failure> {
    let listed: String = descriptions().map(|format| listed(&format)).collect();
    super::print(&listed)?;
    Ok(ExitCode::Done)
}

/// A format's name and title, and a line for each field.
fn listed(format: &Description) -> String {
    let fields = format.fields.iter().map(|(field, place)| format!("    {:<14}{place}\n", field.as_str()));
    format!("{}: {}\n{}", format.name, format.title, fields.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::input::Field;

    /// The rows of README.md's table.
    fn rows() -> String {
        let row = |format: Description| {
            let fields = format.fields.iter().map(|(field, place)| format!("`{field}`: {place}"));
            format!("| `{}` | {} | {} |\n", format.name, format.title, fields.collect::<Vec<_>>().join("; "))
        };
        descriptions().map(row).collect()
    }

    #[test]
    fn the_readme_has_the_table() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let readme = std::fs::read_to_string(path).unwrap();
        let head = "| `--format-in` | what it is | where fields come from |\n| --- | --- | --- |\n";
        let table = readme.split(head).nth(1).expect("README.md has the table");
        let table = table.split("\n\n").next().unwrap();
        assert_eq!(format!("{table}\n"), rows(), "the formats changed: paste their rows into README.md");
    }

    #[test]
    fn names_differ_and_calls_and_words_come_from_somewhere() {
        let names: BTreeSet<&str> = descriptions().map(|format| format.name).collect();
        assert_eq!(names.len(), descriptions().count());
        for format in descriptions() {
            let has = |field: Field| format.fields.iter().any(|(described, _)| *described == field);
            assert!(has(Field::CallId) && has(Field::Text), "{}", format.name);
            assert!(listed(&format).starts_with(format.name));
        }
    }
}
