//! Values that several tables of the configuration have.

use crate::toml_file::Table;

/// A whole number from `least` to `most`.
pub fn within(table: &mut Table<'_>, key: &'static str, least: i64, most: i64) -> Option<i64> {
    let value = table.whole(key)?;
    if (least..=most).contains(&value) {
        return Some(value);
    }
    table.fault(key, format!("`{key}` is {value}; it must lie between {least} and {most}."));
    None
}

/// Whether a printer can be called that.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
