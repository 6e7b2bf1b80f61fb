//! What TOML can say, as a tree of values that know their lines.

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Line, from 1.
    pub line: usize,
}

/// What TOML can say.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// A TOML date or time, as written.
    Time(String),
    /// A list, also one of tables.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

/// Keys in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table(pub Vec<Entry>);

/// A key, its line and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// As it is written.
    pub key: String,
    /// Line of the key, from 1.
    pub line: usize,
    /// Its value.
    pub node: Node,
}

impl Value {
    /// The kind and, when it is short, the value, for "found …".
    pub fn found(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => format!("`{value}`"),
            Self::Integer(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(text) if text.chars().count() <= 60 => format!("{text:?}"),
            Self::Text(_) => "a long string".into(),
            Self::Time(text) => format!("the time {text}"),
            Self::List(_) => "a list".into(),
            Self::Table(_) => "a table".into(),
        }
    }
}
