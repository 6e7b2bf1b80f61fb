//! TOML to nodes.

use toml_edit::{Document, Item, TableLike};

use super::node::{Entry, Node, Table, Value};

/// Text that is not TOML.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: String,
}

/// Parses a whole file.
pub(super) fn parse(source: &str) -> Result<Node, SyntaxError> {
    let document = Document::parse(source).map_err(|error| SyntaxError {
        line: line_of(source, error.span().map_or(0, |span| span.start)),
        message: format!("not TOML: {}", error.message().trim().replace('\n', ", ")),
    })?;
    Ok(node(source, document.as_item(), 0))
}

/// `above` is the place of the key, for items that have none of their own.
fn node(source: &str, item: &Item, above: usize) -> Node {
    let span = item.span().unwrap_or(above..above);
    let value = match item {
        Item::Value(toml_edit::Value::InlineTable(inner)) => table(source, inner, span.start),
        Item::Value(value) => scalar(source, value, span.start),
        Item::Table(inner) => table(source, inner, span.start),
        Item::ArrayOfTables(tables) => {
            Value::List(tables.iter().map(|inner| node(source, &Item::Table(inner.clone()), span.start)).collect())
        }
        Item::None => Value::Null,
    };
    Node { value, line: line_of(source, span.start) }
}

fn scalar(source: &str, value: &toml_edit::Value, above: usize) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::Integer(*number.value()),
        toml_edit::Value::Float(number) => Value::Float(*number.value()),
        toml_edit::Value::Boolean(boolean) => Value::Boolean(*boolean.value()),
        toml_edit::Value::Datetime(time) => Value::Time(time.value().to_string()),
        toml_edit::Value::Array(list) => {
            Value::List(list.iter().map(|inner| node(source, &Item::Value(inner.clone()), above)).collect())
        }
        toml_edit::Value::InlineTable(inner) => table(source, inner, above),
    }
}

fn table(source: &str, inner: &dyn TableLike, above: usize) -> Value {
    let entries = inner.iter().map(|(name, item)| {
        let place = inner.get_key_value(name).and_then(|(key, _)| key.span()).map_or(above, |span| span.start);
        Entry { key: name.to_owned(), line: line_of(source, place), node: node(source, item, place) }
    });
    Value::Table(Table(entries.collect()))
}

/// Line of a byte offset, from 1.
fn line_of(source: &str, offset: usize) -> usize {
    1 + source.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let root =
            parse("# head\n[[trigger]]\nclasspath = \"a\"\n\n[[trigger]]\nclasspath = \"b\"\nhttp = [\n {x = 1},\n]\n");
        let Ok(Node { value: Value::Table(Table(entries)), .. }) = root else { panic!("{root:?}") };
        let Value::List(triggers) = &entries[0].node.value else { panic!("{entries:?}") };
        assert_eq!(triggers.iter().map(|node| node.line).collect::<Vec<_>>(), [2, 5]);
        let Value::Table(second) = &triggers[1].value else { panic!("{triggers:?}") };
        assert_eq!(second.0[0].line, 6);
        let Value::List(grants) = &second.0[1].node.value else { panic!("{second:?}") };
        assert_eq!(grants[0].line, 8);
    }

    #[test]
    fn a_mistake_has_a_line() {
        assert_eq!(parse("a = 1\nb = \n").map_err(|error| error.line), Err(2));
    }
}
