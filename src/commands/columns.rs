//! A table on the terminal.

/// Columns under their heads, the first to the left and the others to the right.
pub(super) fn columns(head: &[String], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain(head.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for row in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| if at == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_their_heads() {
        let head = ["engine", "F1"].map(str::to_owned);
        let rows = [vec!["local".to_owned(), "0.6".to_owned()], vec!["a".to_owned(), "0.612".to_owned()]];
        assert_eq!(columns(&head, &rows), "engine     F1\nlocal     0.6\na       0.612\n");
    }
}
