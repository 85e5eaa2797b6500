//! Where in a table something stands: a row and columns, as a spreadsheet calls them.

use super::sheet::letters;
use std::fmt;

/// Where in the sheet something of a label comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub row: usize,
    /// Each with its header.
    pub columns: Vec<(usize, String)>,
}

/// `row 17, column H "Zipcode"`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        let last = self.columns.len().saturating_sub(1);
        for (at, (column, header)) in self.columns.iter().enumerate() {
            f.write_str(match at {
                0 if last == 0 => ", column ",
                0 => ", columns ",
                _ if at == last => " and ",
                _ => ", ",
            })?;
            let header: String = header.chars().filter(|c| !c.is_control()).take(40).collect();
            write!(f, "{} \"{header}\"", letters(*column))?;
        }
        Ok(())
    }
}
