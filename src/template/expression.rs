//! The expressions of one template: compiled once, rendered for every label.
//!
//! minijinja with strict names: a value that is not there is a fault, never an empty place on a label. What an order
//! says is data and is never read as an expression.

use crate::fault;
use minijinja::{Environment, UndefinedBehavior, Value};

/// All expressions of a template.
#[derive(Debug)]
pub struct Expressions {
    environment: Environment<'static>,
    count: usize,
}

/// One expression of a template.
#[derive(Debug, Clone)]
pub struct Formula {
    key: String,
    pub source: String,
    /// The block it belongs to, for messages.
    said: String,
    pub line: usize,
}

impl Default for Expressions {
    fn default() -> Expressions {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        Expressions { environment, count: 0 }
    }
}

impl Expressions {
    /// Compiles an expression of the block `said`, or says what is wrong with it.
    pub fn add(&mut self, source: &str, said: &str, line: usize) -> Result<Formula, String> {
        let key = format!("{}", self.count);
        self.count += 1;
        match self.environment.add_template_owned(key.clone(), source.to_owned()) {
            Ok(()) => Ok(Formula { key, source: source.to_owned(), said: said.to_owned(), line }),
            Err(error) => Err(format!("{said}: {}.", error.detail().unwrap_or("this is not an expression"))),
        }
    }

    /// What the expression says of these values.
    pub fn render(&self, formula: &Formula, values: &Value) -> Result<String, minijinja::Error> {
        if formula.is_fixed() {
            return Ok(formula.source.clone());
        }
        self.environment.get_template(&formula.key)?.render(values)
    }

    /// Why it cannot be rendered, in a sentence that names the value and the nearest known one.
    pub fn explain(&self, formula: &Formula, values: &Value) -> String {
        for path in formula.paths() {
            let mut at = values.clone();
            let mut known = String::new();
            for part in path.split('.') {
                let keys: Vec<String> = at.try_iter().map(|keys| keys.map(|key| key.to_string()).collect()).unwrap_or_default();
                let found = at.get_attr(part).unwrap_or_default();
                if found.is_undefined() && !keys.is_empty() {
                    let mut keys: Vec<String> = keys.iter().map(|key| format!("{known}{key}")).collect();
                    keys.sort();
                    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                    return format!("{}: no value `{path}`.{}", formula.said, fault::hint(&path, &keys));
                }
                known = format!("{known}{part}.");
                at = found;
            }
        }
        match self.render(formula, values) {
            Err(error) => format!("{}: {error}.", formula.said),
            Ok(_) => format!("{}: it renders now.", formula.said),
        }
    }
}

impl Formula {
    /// Whether it says the same on every label.
    pub fn is_fixed(&self) -> bool {
        !self.source.contains("{{") && !self.source.contains("{%") && !self.source.contains("{#")
    }

    /// The first value it shows, such as `recipient.name`: what to look at when its text does not fit.
    pub fn field(&self) -> Option<String> {
        self.paths().into_iter().next()
    }

    /// Every dotted name between its braces.
    fn paths(&self) -> Vec<String> {
        const WORDS: [&str; 11] = ["if", "else", "elif", "endif", "for", "in", "endfor", "not", "and", "or", "is"];
        let mut paths = Vec::new();
        for part in self.source.split("{{").flat_map(|part| part.split("{%")).skip(1) {
            let code = part.split("}}").next().unwrap_or_default().split("%}").next().unwrap_or_default();
            let plain: String = code.split(['"', '\'']).step_by(2).collect::<Vec<_>>().join(" ");
            for word in plain.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')) {
                let named = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
                if named && !WORDS.contains(&word) && !paths.contains(&word.to_owned()) {
                    paths.push(word.to_owned());
                }
            }
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn what_an_order_says_is_never_an_expression() {
        let mut expressions = Expressions::default();
        let formula = expressions.add("{{ note }}", "text \"note\"", 1).unwrap();
        let values = context! { note => "{{ sender.name }} <b>&amp;" };
        assert_eq!(expressions.render(&formula, &values).unwrap(), "{{ sender.name }} <b>&amp;");
    }

    #[test]
    fn the_field_behind_a_text_is_its_first_value() {
        let mut expressions = Expressions::default();
        let mut field = |source: &str| expressions.add(source, "x", 1).unwrap().field();
        assert_eq!(field("{% if note %}✎ {{ note }}{% endif %}").as_deref(), Some("note"));
        assert_eq!(field("{{ routing or recipient.country }}").as_deref(), Some("routing"));
        assert_eq!(field("TO 收件"), None);
    }
}
